internal import Kernel

/// What is kept of each tunnel as text, behind its length, for the journal and the rules.
struct TunnelTexts: ~Copyable {
    /// The authority; only if there are a journal or rules, or tunnels may be forbidden later.
    let authorities: Blocks
    /// The user's name; only if there is a gate, and the authority is kept.
    let users: Blocks
    /// The rule that decided, and the one that reported; only if there are a journal and rules.
    let rules: Blocks

    /// Room for `slots` tunnels.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(_ slots: Int, _ hasUsers: Bool, _ hasRules: Bool) throws(SystemError) {
        // A length and 253 bytes of name, or an address in brackets, with a port.
        let authorities = try Blocks(count: slots, blockSize: 264)
        let users = try Blocks(count: hasUsers ? slots : 0, blockSize: 256)
        let rules = try Blocks(count: hasRules ? slots : 0, blockSize: RuleNames.byteCount)
        self.authorities = authorities
        self.users = users
        self.rules = rules
    }
}

internal import Kernel

/// What is kept of each tunnel as text, behind its length, for the journal and the rules.
struct TunnelTexts: ~Copyable {
    /// The authority; only if there are a journal or rules.
    let authorities: Blocks
    /// The user's name; only if there is a gate, and a journal or rules.
    let users: Blocks
    /// The rule that decided, and the one that reported; only if there are a journal and rules.
    let rules: Blocks

    /// Room for `slots` tunnels.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(
        _ slots: Int,
        _ hasJournal: Bool,
        gate hasGate: Bool,
        rules hasRules: Bool
    ) throws(SystemError) {
        let isKept = hasJournal || hasRules
        // A length and 253 bytes of name, or an address in brackets, with a port.
        let authorities = try Blocks(count: isKept ? slots : 0, blockSize: 264)
        let users = try Blocks(count: isKept && hasGate ? slots : 0, blockSize: 256)
        let ruleSlots = hasJournal && hasRules ? slots : 0
        let rules = try Blocks(count: ruleSlots, blockSize: RuleNames.byteCount)
        self.authorities = authorities
        self.users = users
        self.rules = rules
    }
}

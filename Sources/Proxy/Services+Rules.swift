internal import Internet
internal import Kernel
internal import Policy
internal import Resolver

/// What a rule says of the tunnels that it lets pass, and not only whether it does.
extension Services where Queue: ~Copyable, Names: ~Copyable {
    /// The rule by which `address` may be dialled; nil if there is none.
    func rule(for address: Address, _ opening: UInt32?) -> Int? {
        guard let rules = judge.rules, let opening, let standing = openings[opening].standing
        else { return nil }
        return rules.decision(address, standing).rule
    }

    /// The tunnel in `slot` is connected to `address`: what the rule says by which it may be is
    /// what holds, and what the journal tells.
    mutating func followRule(for address: Address, of slot: UInt32, _ opening: UInt32) {
        guard let rules = judge.rules, let standing = openings[opening].standing else { return }
        let decision = rules.decision(address, standing)
        keep(decision, of: slot)
        guard let rule = decision.rule else { return }
        let port = openings[opening].port
        openings[opening].tls = terms.tls.requirement(port: port, rules.terms[rule].tls)
    }
}

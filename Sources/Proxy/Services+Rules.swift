internal import Connect
internal import Internet
internal import Kernel
internal import Policy
internal import Resolver

/// What a rule says of the tunnels that it lets pass, and not only whether it does.
extension Services where Queue: ~Copyable, Names: ~Copyable {
    /// The decision by which `address`, which has been judged already, may be dialled; nil if there
    /// are no rules.
    func decision(for address: Address, _ opening: UInt32) -> Decision? {
        if openings[opening].parent >= 0 { return openings[opening].parentDecision }
        guard let rules = judge.rules, let standing = openings[opening].standing else { return nil }
        return rules.decision(address, standing)
    }

    /// The tunnel in `slot` is connected by `decision`: what its rule demands is what holds, and
    /// what the journal tells.
    mutating func follow(_ decision: Decision?, of slot: UInt32, _ opening: UInt32) {
        keep(decision, of: slot)
        guard let rule = decision?.rule, let demand = judge.rules?.terms[rule].tls else { return }
        openings[opening].tls = terms.tls.requirement(port: openings[opening].port, demand)
    }

    // MARK: Source

    /// Where a socket is bound to.
    enum Source {
        case any
        case address(Address)
        /// The rule has addresses, but none of this family.
        case none
    }

    /// Where to dial addresses of `family` from, by `decision`.
    mutating func source(_ family: Address.Family, _ decision: Decision?) -> Source {
        if let rule = decision?.rule, let rules = judge.rules, !rules.terms[rule].source.isEmpty {
            return rules.terms[rule].source[family].map { .address($0) } ?? .none
        }
        return nextSource(family).map { .address($0) } ?? .any
    }

    // MARK: Parent

    /// A parent proxy, and the decision by which a request goes to it.
    typealias Route = (parent: Int32, decision: Decision)

    /// The parent to which a request goes whatever the addresses of its host are; nil if that
    /// depends on them, or it goes to none.
    func routeByName(_ opening: UInt32) -> Route? {
        guard parents.areThere, let rules = judge.rules, let standing = openings[opening].standing,
            let decision = rules.decisionWhateverAddress(standing)
        else { return nil }
        return route(decision)
    }

    /// The parent to which the rule of `decision` leads; nil if it leads to none.
    func route(_ decision: Decision?) -> Route? {
        guard let decision, decision.isAllowed, let rule = decision.rule,
            let parent = parents.number(ofRule: rule)
        else { return nil }
        return (parent, decision)
    }

    /// The parent to which a request that is on its way to one goes by the rules of now.
    func route(_ opening: UInt32) -> Route? {
        guard let address = openings[opening].askedAddress else { return routeByName(opening) }
        guard let rules = judge.rules, let standing = openings[opening].standing else { return nil }
        return route(rules.decision(address, standing))
    }
}

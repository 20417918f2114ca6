public import Internet
internal import Connect

/// All that decides where a client may be connected to: what is refused by default, and the rules
/// of a policy if there is one.
///
/// Whoever wants to know, be it to serve or to explain, asks this.
public struct Judge: Sendable {
    /// What holds with rules and without.
    public let egress: EgressRules
    /// The policy; nil if there is none, and the port alone is judged before a name is resolved.
    public let rules: AccessRules?

    /// What is said of a request or an address, and the decision of the rules behind it.
    public struct Judgement: Equatable, Sendable {
        /// Whether it may be dialled.
        public let verdict: Verdict
        /// What the rules say; nil if there are none, or if an address can still change it.
        public let decision: Decision?

        /// A judgement of these parts.
        public init(verdict: Verdict, decision: Decision?) {
            self.verdict = verdict
            self.decision = decision
        }
    }

    /// The judge by `egress` and `rules`.
    public init(_ egress: EgressRules, _ rules: AccessRules?) {
        self.egress = egress
        self.rules = rules
    }

    /// Judges a port, where there are no rules.
    public func judge(port: UInt16) -> Judgement {
        Judgement(verdict: egress.verdict(port: port), decision: nil)
    }

    /// Judges a request that stands as `standing`, before its name is resolved.
    ///
    /// A request of which it depends on the address is allowed so far.
    public func judge(_ standing: Standing) -> Judgement {
        guard let decision = rules?.refusal(standing) else {
            return Judgement(verdict: .allowed, decision: nil)
        }
        let refusal = decision.rule == nil ? Refusal.noRuleAllows : .ruleDenied
        return Judgement(verdict: .refused(refusal), decision: decision)
    }

    /// Judges a request that stands as `standing`, as if no rule named the network of its address,
    /// which is public.
    public func judgeWithoutAddress(_ standing: Standing) -> Judgement {
        guard let decision = rules?.decision(standing) else {
            return Judgement(verdict: .allowed, decision: nil)
        }
        let isAllowed = decision.isAllowed
        let refusal = decision.rule == nil ? Refusal.noRuleAllows : .ruleDenied
        return Judgement(verdict: isAllowed ? .allowed : .refused(refusal), decision: decision)
    }

    /// Judges an address to be dialled at `port`, for a request that stands as `standing` by these
    /// rules, and was allowed so far; nil if there are none.
    public func judge(_ address: Address, port: UInt16, _ standing: Standing?) -> Judgement {
        guard let rules, let standing else {
            return Judgement(
                verdict: egress.verdict(address: address, port: port),
                decision: nil
            )
        }
        let decision = rules.decision(address, standing)
        guard decision.isAllowed else {
            let refusal = decision.rule == nil ? Refusal.noRuleAllows : .addressDenied
            return Judgement(verdict: .refused(refusal), decision: decision)
        }
        let verdict = egress.verdict(address: address, port: port, isOpened: decision.opens)
        return Judgement(verdict: verdict, decision: decision)
    }
}

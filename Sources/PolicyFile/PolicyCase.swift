public import Connect
internal import Internet
public import Policy

/// A decision that an operator expects, and where that is written.
public struct PolicyCase: Sendable {
    /// What the policy says, or should say.
    public struct Outcome: Equatable, Sendable, CustomStringConvertible {
        /// Whether the tunnel may be.
        public var isAllowed: Bool
        /// The rule that decides; nil if none does.
        public var rule: String?
        /// The first rule that reports; nil if none does.
        public var reported: String?
        /// Why it is refused though a rule allows it; nil if that isn't so.
        public var refusal: Refusal?
        /// What the first bytes of the tunnel have to be.
        public var tls: TLSDemand
        /// What the rule says of it besides; nil if there is none.
        var terms: RuleTerms?

        /// A sentence without its subject.
        public var description: String {
            let action = isAllowed ? "allowed" : "denied"
            let decider = refusal.map { "by default: \($0.detail)" } ?? byRule
            return "\(action) \(decider)" + (reported.map { ", reported by '\($0)'" } ?? "")
        }

        private var byRule: String { rule.map { "by '\($0)'" } ?? "by no rule" }
    }

    /// Where it stands in its file.
    public let place: Place
    let user: String
    let client: Address
    let authority: Authority
    let address: Address?
    let time: WeekTime?
    let isAllowed: Bool
    /// The rule that is to decide, and the one that is to report; nil if any may.
    let rule: String?
    let reported: String?
    /// What the first bytes are to be; nil if anything will do.
    let tls: TLSDemand?
    /// Where the target is to be dialled from; nil if that may be any address.
    let source: Address?
    /// Through whom it is to be reached, if through anybody; nil if it doesn't matter.
    let parent: Authority??

    /// What `judge` says, and `tls` where no rule does; without rules of its own it isn't asked.
    ///
    /// A name without an address is judged by the rules that don't look at addresses.
    public func outcome(by judge: Judge, _ tls: TLSRules) -> Outcome {
        guard let rules = judge.rules else { preconditionFailure("cases are about rules") }
        let standing = rules.standing(
            of: AccessRequest(
                user: rules.user(user.utf8.span),
                client: client,
                authority: authority,
                time: time ?? WeekTime(.monday, minuteOfDay: 0)
            )
        )
        let before = judge.judge(standing)
        var judgement = before
        var address = address
        if case .address(let literal) = authority.host { address = literal }
        if before.verdict == .allowed {
            judgement =
                address.map { judge.judge($0, port: authority.port, standing) }
                ?? judge.judgeWithoutAddress(standing)
        }
        let isByRules = judgement.decision?.isAllowed == false
        let rule = judgement.decision?.rule
        var refusal = judgement.verdict.refusal
        if refusal == nil, let address, let rule, rules.terms[rule].lacksSource(for: address) {
            refusal = .noSource
        }
        return Outcome(
            isAllowed: refusal == nil,
            rule: rule.map { rules.names[$0] },
            reported: judgement.decision?.report.map { rules.names[$0] },
            refusal: isByRules ? nil : refusal,
            tls: tls.requirement(port: authority.port, rule.flatMap { rules.terms[$0].tls }).demand,
            terms: rule.map { rules.terms[$0] }
        )
    }

    /// Whether `outcome` is what is expected.
    public func isMet(by outcome: Outcome) -> Bool {
        isAllowed == outcome.isAllowed && (rule == nil || rule == outcome.rule)
            && (reported == nil || reported == outcome.reported)
            && (tls == nil || outcome.isAllowed && tls == outcome.tls)
            && (source.map { outcome.terms?.source[$0.family] == $0 } ?? true)
            && (parent.map { outcome.terms?.parent?.authority == $0 } ?? true)
    }

    /// `outcome` as far as something is expected of it: a sentence without its subject.
    public func words(for outcome: Outcome) -> String {
        guard outcome.isAllowed else { return "\(outcome)" }
        let own = source.map { outcome.terms?.source[$0.family] }
        return "\(outcome)" + (tls == nil ? "" : ", tls \(outcome.tls.rawValue)")
            + (own.map { ", from \($0.map { "\($0)" } ?? "any address")" } ?? "")
            + (parent == nil ? "" : PolicyCase.words(outcome.terms?.parent?.authority))
    }

    private static func words(_ parent: Authority?) -> String {
        parent.map { ", by way of \($0)" } ?? ", without a parent"
    }

    /// What is expected, as a sentence without its subject.
    public var expectation: String {
        let action = isAllowed ? "allowed" : "denied"
        return action + (rule.map { " by '\($0)'" } ?? "")
            + (reported.map { ", reported by '\($0)'" } ?? "")
            + (tls.map { ", tls \($0.rawValue)" } ?? "")
            + (source.map { ", from \($0)" } ?? "") + (parent.map(PolicyCase.words) ?? "")
    }

    /// What is asked for.
    public var subject: String {
        let who = user.isEmpty ? "anybody" : user
        return "\(who) at \(client) to \(authority)" + (address.map { " (\($0))" } ?? "")
    }
}

import Internet
import Policy
import Testing

@Suite struct RandomRulesTests {
    /// What came of comparing many requests.
    private struct Comparison {
        var count = 0
        var allowed = 0
        /// The first request on which the two didn't agree.
        var difference: String?
    }

    /// Compares random rules, compiled, with naive ones that `change` may have changed.
    private static func compare(
        _ seed: UInt64,
        lists: Int,
        _ change: (inout [Rule]) -> Void = { _ in }
    ) -> Comparison {
        var random = RandomRules(seed &* 0xd1b5_4a32_d192_ed03)
        var comparison = Comparison()
        for _ in 0..<lists {
            let (rules, groups) = random.rules()
            var changed = rules
            change(&changed)
            let naive = NaiveRules(rules: changed, groups: groups)
            let compiled = AccessRules(RuleList(rules, groups: groups))
            for _ in 0..<50 {
                guard let request = random.request() else { continue }
                let address = random.address()
                let (answer, mayPass) = judge(compiled, request, address)
                let expected = naive.answer(request, address)
                guard answer == expected, mayPass == naive.mayPass(request) else {
                    comparison.difference = "\(rules) \(groups) \(request) \(address): \(answer)"
                    return comparison
                }
                if let difference = differenceByName(compiled, request, address) {
                    comparison.difference = "by name: \(difference)"
                    return comparison
                }
                comparison.count += 1
                comparison.allowed += answer.isAllowed ? 1 : 0
            }
        }
        return comparison
    }

    /// What is decided without an address must be what is decided for this one.
    private static func differenceByName(
        _ rules: AccessRules,
        _ request: NaiveRules.Request,
        _ address: Address
    ) -> String? {
        let standing = standing(rules, request)
        guard let byName = rules.decisionWhateverAddress(standing) else { return nil }
        let decision = rules.decision(address, standing)
        let isSame =
            byName.rule == decision.rule && byName.report == decision.report
            && byName.isAllowed == decision.isAllowed
        return isSame ? nil : "\(request) \(address): \(byName), \(decision)"
    }

    private static func judge(
        _ rules: AccessRules,
        _ request: NaiveRules.Request,
        _ address: Address
    ) -> (NaiveRules.Answer, mayPass: Bool) {
        let standing = standing(rules, request)
        let decision = rules.decision(address, standing)
        let answer = NaiveRules.Answer(
            isAllowed: decision.isAllowed,
            rule: decision.rule,
            report: decision.report,
            opens: decision.opens
        )
        return (answer, rules.refusal(standing) == nil)
    }

    private static func standing(_ rules: AccessRules, _ request: NaiveRules.Request) -> Standing {
        rules.standing(
            of: AccessRequest(
                user: rules.user((request.user ?? "").utf8.span),
                client: request.client,
                authority: request.authority,
                time: request.time
            )
        )
    }

    /// A million requests altogether.
    @Test(arguments: 0..<4 as Range<UInt64>)
    func `compiled rules agree with naive ones`(_ seed: UInt64) {
        let comparison = Self.compare(seed, lists: 5000)
        #expect(comparison.difference == nil)
        #expect(comparison.count == 250_000)
        // Neither answer is rare.
        #expect((25_000..<225_000).contains(comparison.allowed))
    }

    /// What a matcher could get wrong.
    enum Mistake: CaseIterable {
        case forgottenRule, order, ports, times, users, networks, action

        func make(_ rules: inout [Rule]) {
            guard !rules.isEmpty else { return }
            switch self {
            case .forgottenRule: rules.removeLast()
            case .order: rules.swapAt(0, rules.count - 1)
            case .ports: rules[0].ports = []
            case .times: rules[0].times = []
            case .users: rules[0].users = []
            case .networks: rules[0].networks = []
            case .action: rules[0].action = .deny
            }
        }
    }

    @Test(arguments: Mistake.allCases)
    func `a mistake is found`(_ mistake: Mistake) {
        #expect(Self.compare(1, lists: 5000, mistake.make).difference != nil)
    }
}

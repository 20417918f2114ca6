import Internet
import Policy
import Testing

@Suite struct RandomRulesTests {
    /// A million requests altogether.
    @Test(arguments: 0..<4 as Range<UInt64>)
    func `compiled rules agree with naive ones`(_ seed: UInt64) {
        var random = RandomRules(seed &* 0xd1b5_4a32_d192_ed03)
        var count = 0
        var allowed = 0
        for _ in 0..<5000 {
            let (rules, groups) = random.rules()
            let naive = NaiveRules(rules: rules, groups: groups)
            let compiled = AccessRules(RuleList(rules, groups: groups))
            for _ in 0..<50 {
                guard let request = random.request() else { continue }
                let address = random.address()
                let standing = compiled.standing(
                    of: AccessRequest(
                        user: compiled.user((request.user ?? "").utf8.span),
                        client: request.client,
                        authority: request.authority,
                        time: request.time
                    )
                )
                let mayPass = compiled.refusal(standing) == nil
                let decision = compiled.decision(address, standing)
                let answer = NaiveRules.Answer(
                    isAllowed: decision.isAllowed,
                    rule: decision.rule,
                    report: decision.report,
                    opens: decision.opens
                )
                let expected = naive.answer(request, address)
                guard answer == expected, mayPass == naive.mayPass(request) else {
                    Issue.record("\(rules) \(groups) \(request) \(address): \(answer) \(mayPass)")
                    return
                }
                count += 1
                allowed += answer.isAllowed ? 1 : 0
            }
        }
        #expect(count == 250_000)
        // Neither answer is rare.
        #expect(allowed > count / 10 && allowed < count * 9 / 10)
    }
}

import Policy
import PolicyFile
import Testing

@Suite struct CaseTextTests {
    @Test(
        arguments: [
            ("", "1:1: error: the file is empty: it has cases"),
            ("[]", "1:1: error: cases are a list under the key 'cases'"),
            ("cases: []", "1:1: error: cases are a list under the key 'cases'"),
            ("cases: [a]", "1:9: error: a case is a map; it begins with '- to: '"),
            ("cases: [{expect: allow}]", "1:9: error: a case needs the key 'to'"),
            ("cases: [{to: 'a.test:1'}]", "1:9: error: a case needs the key 'expect'"),
            ("cases: [{to: a.test, expect: deny}]", "1:14: error: allowed is HOST:PORT"),
            (
                "cases: [{to: 'a.test:1', expect: refuse}]",
                "1:34: error: allowed is allow or deny"
            ),
            (
                "cases: [{to: 'a.test:1', expect: deny, port: 1}]",
                "1:40: error: this is no key; allowed are to, expect, rule, reported, user, "
                    + "client, address, at, tls, source, parent"
            ),
            (
                "cases: [{to: 'a.test:1', expect: deny, client: here}]",
                "1:48: error: allowed is an address"
            ),
            (
                "cases: [{to: 'a.test:1', expect: allow, parent: proxy.test}]",
                "1:49: error: allowed is HOST:PORT, or none"
            ),
            (
                "cases: [{to: 'a.test:1', expect: deny, at: noon}]",
                "1:44: error: allowed is a day and a time, as in Mon 09:30"
            ),
        ]
    )
    func `what is wrong has its place`(_ text: String, _ finding: String) {
        let cases = CaseText(parsing: text, needTimes: false)
        #expect(cases.findings.map { "\($0)" } == [finding])
    }

    @Test func `a policy with times needs cases with times`() {
        let text =
            "cases: [{to: 'a.test:1', expect: deny}, {to: 'a.test:1', expect: deny, at: Mon 09:00}]"
        #expect(
            CaseText(parsing: text, needTimes: true).findings.map { "\($0)" }
                == ["1:9: error: the policy has times: a case needs the key 'at'"]
        )
        #expect(CaseText(parsing: text, needTimes: false).cases.count == 2)
    }
}

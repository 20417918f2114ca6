import Policy
import PolicyFile
import Testing

/// What a policy file says of the tunnels of a rule.
@Suite struct RuleTermsTests {
    @Test(arguments: TLSDemand.allCases)
    func `what the first bytes must be is read`(_ demand: TLSDemand) {
        let rule = "{name: a, action: allow, tls: \(demand.rawValue)}"
        let text = "rules: [\(rule), {name: b, action: deny, hosts: a.test}]"
        let policy = PolicyTextTests.read(text)
        #expect(!policy.hasErrors)
        #expect(policy.list.rules.map(\.terms.tls) == [demand, nil])
    }

    @Test(
        arguments: [
            (
                "{name: a, action: allow, tls: on}",
                "1:39: error: 'tls' is required, sni or off"
            ),
            (
                "{name: a, action: allow, tls: [sni]}",
                "1:39: error: 'tls' is required, sni or off"
            ),
            (
                "{name: a, tls: sni, action: deny}",
                "1:19: error: only a rule that allows has the key 'tls'"
            ),
            (
                "{name: a, action: report, tls: off}",
                "1:35: error: only a rule that allows has the key 'tls'"
            ),
        ]
    )
    func `an error has its place and a remedy`(_ rule: String, _ finding: String) {
        #expect(PolicyTextTests.findings("rules: [\(rule)]") == [finding])
    }

    // MARK: Users

    @Test func `users who aren't there are told of, wherever they are named`() throws {
        let text = """
            groups:
              staff: [ana, eve]
            rules:
              - {name: a, action: allow, groups: staff}
              - {name: b, action: deny, users: [ben, mallory, ana]}
            """
        let hash = "$5$x$" + String(repeating: "b", count: 43)
        let users = try Users(parsing: "ana:\(hash)\nben:\(hash)")
        let policy = PolicyText(parsing: text, ports: [443...443], users: users)
        #expect(
            policy.findings.filter { $0.message.contains("no user") }.map { "\($0)" } == [
                "2:16: warning: there is no user 'eve' in the file of --users",
                "5:42: warning: there is no user 'mallory' in the file of --users",
            ]
        )
        #expect(!PolicyTextTests.findings(text).contains { $0.contains("no user") })
    }
}

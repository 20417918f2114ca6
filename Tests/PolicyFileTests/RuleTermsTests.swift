import Internet
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

    @Test func `limits are read`() throws {
        let text = """
            rules:
              - name: a
                action: allow
                limits:
                  tunnels: 10
                  new-per-second: 5
                  bytes-per-second: {up: 10KiB, down: 2MiB}
                  bytes: 1GiB
                  lifetime: 8h
                  per-user: {tunnels: 2, new-per-second: 1, bytes-per-second: 1MiB}
            """
        let policy = PolicyTextTests.read(text)
        #expect(policy.findings == [])
        let limits = policy.list.rules[0].terms.limits
        #expect(limits.all.tunnels == 10 && limits.all.newPerSecond == 5)
        #expect(limits.all.upPerSecond == 10240 && limits.all.downPerSecond == 2 << 20)
        #expect(limits.bytes == 1 << 30 && limits.lifetime == 8 * 3_600_000_000_000)
        #expect(limits.perUser.tunnels == 2 && limits.perUser.newPerSecond == 1)
        #expect(limits.perUser.upPerSecond == 1 << 20 && limits.perUser.downPerSecond == 1 << 20)
        #expect(
            PolicyTextTests.read("rules: [{name: a, action: allow}]").list.rules[0].terms
                .limits.isEmpty
        )
    }

    @Test(
        arguments: [
            ("{}", 42, "'limits' is a map; allowed are tunnels, new-per-second, bytes-per-second"),
            ("{tunnel: 1}", 43, "there is no key 'tunnel'; allowed are tunnels, new-per-second"),
            ("{tunnels: 0}", 52, "allowed is a whole number from 1 to 10000000"),
            ("{new-per-second: 1.5}", 59, "allowed is a whole number from 1 to 1000000"),
            ("{bytes-per-second: 1000}", 61, "allowed are bytes, bare or with B, KiB, MiB or GiB"),
            ("{bytes-per-second: {in: 1MiB}}", 62, "there is no key 'in'; allowed are up, down"),
            ("{bytes: 1MB}", 50, "allowed are bytes, bare or with B, KiB, MiB or GiB, from 1B to"),
            ("{lifetime: 60}", 53, "allowed is a time with a unit, from 100ms to 8784h"),
            ("{per-user: 5}", 53, "'per-user' is a map; allowed are tunnels, new-per-second"),
            ("{per-user: {bytes: 5}}", 54, "there is no key 'bytes'; allowed are tunnels"),
        ]
    )
    func `a limit that isn't one is told of`(_ limits: String, _ column: Int, _ words: String) {
        let text = "rules: [{name: a, action: allow, limits: \(limits)}]"
        let findings = PolicyTextTests.findings(text)
        #expect(findings.count == 1)
        #expect(findings[0].hasPrefix("1:\(column): error: \(words)"), "\(findings)")
    }

    @Test(
        arguments: [
            (
                "{name: a, action: deny, limits: {tunnels: 1}}",
                "1:33: error: only a rule that allows has the key 'limits'"
            ),
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

    // MARK: Source and parent

    @Test func `source, parent and credentials are read`() throws {
        let text = """
            rules:
              - {name: a, action: allow, source: [10.0.0.1, "2001:db8::1"]}
              - {name: b, action: allow, hosts: b.test, source: 10.0.0.2,
                 parent: "proxy.test:3128", parent-credentials: secret}
            """
        var surroundings = PolicySurroundings()
        surroundings.contents = { $0 == "secret" ? Array("ana:pass word\r\n".utf8) : nil }
        let policy = PolicyText(parsing: text, ports: [443...443], surroundings: surroundings)
        let terms = policy.list.rules.map(\.terms)
        #expect(terms.map { $0.source[.v4] } == [Address("10.0.0.1"), Address("10.0.0.2")])
        #expect(terms.map { $0.source[.v6] } == [Address("2001:db8::1"), nil])
        let parent = try #require(terms[1].parent)
        #expect("\(parent.authority)" == "proxy.test:3128")
        #expect(parent.authorization == Array("Basic YW5hOnBhc3Mgd29yZA==".utf8))
        #expect(PolicyTextTests.read(text).list.rules[1].terms.parent?.authorization == [])
    }

    @Test(
        arguments: [
            ("source: here", 42, "allowed is an address of this machine, IPv4 or IPv6"),
            ("source: [10.0.0.1, 10.0.0.2]", 53, "there is one source at most for each family"),
            ("source: 192.0.2.1", 42, "this machine has no address 192.0.2.1 to dial from"),
            ("parent: proxy.test", 42, "'parent' is HOST:PORT, a proxy that takes CONNECT"),
            ("parent-credentials: a", 54, "'parent-credentials' are for a 'parent', which isn't"),
            ("parent: 'a:1', parent-credentials: b", 69, "the file b can't be read"),
            ("parent: 'a:1', parent-credentials: none", 69, "the file none is to have one line"),
            ("parent: 'a:1', parent-credentials: bare", 69, "the file bare is to have one line"),
        ]
    )
    func `a way that isn't one is told of`(_ way: String, _ column: Int, _ words: String) {
        var surroundings = PolicySurroundings()
        surroundings.ownsAddress = { $0 != Address("192.0.2.1") }
        surroundings.contents = { ["none": "", "bare": "word"][$0].map { Array($0.utf8) } }
        let text = "rules: [{name: a, action: allow, \(way)}]"
        let policy = PolicyText(parsing: text, ports: [443...443], surroundings: surroundings)
        let findings = policy.findings.map { "\($0)" }
        #expect(findings.count == 1 && findings[0].hasPrefix("1:\(column): error: \(words)"))
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
        let users = try Users(parsing: Array("ana:\(hash)\nben:\(hash)".utf8))
        var surroundings = PolicySurroundings()
        surroundings.users = users
        let policy = PolicyText(parsing: text, ports: [443...443], surroundings: surroundings)
        #expect(
            policy.findings.filter { $0.message.contains("no user") }.map { "\($0)" } == [
                "2:16: warning: there is no user 'eve' in the file of --users",
                "5:42: warning: there is no user 'mallory' in the file of --users",
            ]
        )
        #expect(!PolicyTextTests.findings(text).contains { $0.contains("no user") })
    }
}

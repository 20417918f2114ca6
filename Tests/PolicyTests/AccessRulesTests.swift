import Connect
import Internet
import Policy
import Testing

@Suite struct AccessRulesTests {
    static func authority(_ text: String) throws -> Authority {
        let bytes = Array(text.utf8)
        let authority = Authority(parsing: bytes.span, in: 0..<bytes.count)
        return try #require(authority)
    }

    static func standing(
        _ rules: AccessRules,
        _ authority: String,
        user: String = "",
        client: String = "192.0.2.7",
        at time: String = "Mon 12:00"
    ) throws -> Standing {
        rules.standing(
            of: AccessRequest(
                user: rules.user(user.utf8.span),
                client: try #require(Address(client)),
                authority: try Self.authority(authority),
                time: try #require(WeekTime(time))
            )
        )
    }

    static func host(_ pattern: String, _ action: RuleAction = .allow) throws -> Rule {
        var rule = Rule(pattern, action)
        rule.hosts = [try #require(HostPattern(pattern))]
        return rule
    }

    static func network(_ prefix: String, _ action: RuleAction) throws -> Rule {
        var rule = Rule(prefix, action)
        rule.networks = [try #require(Prefix(prefix))]
        return rule
    }

    @Test func `no rule denies`() throws {
        let rules = AccessRules(RuleList([]))
        let standing = try Self.standing(rules, "example.com:443")
        let refusal = try #require(rules.refusal(standing))
        #expect(!refusal.isAllowed && refusal.rule == nil && refusal.report == nil)
    }

    @Test(arguments: [
        ("example.com:443", true), ("EXAMPLE.com.:443", true), ("www.example.com:443", false),
        ("example.com.evil.net:443", false), ("notexample.com:443", false),
    ])
    func `an exact host is that host only`(_ authority: String, _ isAllowed: Bool) throws {
        let rules = AccessRules(RuleList([try Self.host("Example.COM.")]))
        #expect(try Self.standing(rules, authority).mayPass(by: rules) == isAllowed)
    }

    @Test(arguments: [
        ("a.example.com:443", true), ("a.b.example.com.:443", true), ("example.com:443", false),
        ("aexample.com:443", false), ("a.example.com.net:443", false), ("com:443", false),
    ])
    func `a suffix is what is below it`(_ authority: String, _ isAllowed: Bool) throws {
        let rules = AccessRules(RuleList([try Self.host("*.EXAMPLE.com.")]))
        #expect(try Self.standing(rules, authority).mayPass(by: rules) == isAllowed)
    }

    @Test func `the first match decides`() throws {
        let rules = AccessRules(
            RuleList([
                try Self.host("secret.example.com", .deny), try Self.host("*.example.com"),
                try Self.host("late.example.com", .deny),
            ])
        )
        let refusal = try #require(
            rules.refusal(Self.standing(rules, "secret.example.com:443"))
        )
        #expect(refusal.rule == 0)
        let late = try Self.standing(rules, "late.example.com:443")
        let decision = rules.decision(try #require(Address("8.8.8.8")), late)
        #expect(decision.isAllowed && decision.rule == 1)
    }

    @Test func `a report changes nothing and is told`() throws {
        let rules = AccessRules(
            RuleList([try Self.host("*.example.com", .report), Rule("all", .allow)])
        )
        let standing = try Self.standing(rules, "a.example.com:443")
        let decision = rules.decision(try #require(Address("8.8.8.8")), standing)
        #expect(decision.isAllowed && decision.rule == 1 && decision.report == 0)
        let other = try Self.standing(rules, "example.com:443")
        #expect(rules.decision(try #require(Address("8.8.8.8")), other).report == nil)
    }

    @Test func `a host that is denied whatever its address isn't looked up`() throws {
        let rules = AccessRules(
            RuleList([
                try Self.network("10.0.0.0/8", .deny), try Self.host("a.example"),
                Rule("rest", .deny),
            ])
        )
        #expect(try rules.refusal(Self.standing(rules, "b.example:443"))?.rule == 2)
        #expect(try rules.refusal(Self.standing(rules, "a.example:443")) == nil)
    }

    @Test func `networks are judged address by address`() throws {
        let rules = AccessRules(
            RuleList([
                try Self.network("8.8.8.0/24", .deny), try Self.network("8.8.0.0/16", .allow),
                try Self.network("::/0", .allow),
            ])
        )
        let standing = try Self.standing(rules, "example.com:443")
        let expected: [(String, Bool, Int?)] = [
            ("8.8.8.8", false, 0), ("8.8.4.4", true, 1), ("9.9.9.9", false, nil),
            ("::ffff:8.8.8.8", false, 0), ("64:ff9b::8.8.8.8", false, 0),
            ("2002:808:808::", false, 0), ("64:ff9b::9.9.9.9", true, 2), ("2600::", true, 2),
        ]
        for (text, isAllowed, rule) in expected {
            let decision = rules.decision(try #require(Address(text)), standing)
            #expect(decision.isAllowed == isAllowed && decision.rule == rule, "\(text)")
        }
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.1.2.3", true), ("10.1.0.0/16", "10.1.2.3", true),
        ("0.0.0.0/0", "10.1.2.3", false), ("10.0.0.0/7", "10.1.2.3", false),
        ("127.0.0.1/32", "127.0.0.1", true), ("fc00::/7", "fd00::1", true),
        ("::/0", "fd00::1", false), ("::/0", "64:ff9b::a01:203", false),
        ("0.0.0.0/8", "0.1.2.3", false), ("240.0.0.0/4", "240.0.0.1", false),
        ("192.0.0.0/24", "192.0.0.1", false), ("fec0::/10", "fec0::1", false),
        ("224.0.0.0/4", "224.0.0.1", false), ("fe80::/10", "fe80::5efe:a01:203", false),
        // NAT64 behind 96, 64, 56 and 48 bits, and what a translator ignores behind the address.
        ("64:ff9b:1::/48", "64:ff9b:1::808:808", true),
        ("64:ff9b:1::/48", "64:ff9b:1:ff00::808:808", true),
        ("64:ff9b:1::/48", "64:ff9b:1::a01:203", false),
        ("64:ff9b:1::/48", "64:ff9b:1:8:8:808:a00:0", true),
        ("64:ff9b:1::/48", "64:ff9b:1:8:a:1:208:808", false),
        ("64:ff9b:1::/48", "64:ff9b:1:108:8:808::", true),
        ("64:ff9b:1::/48", "64:ff9b:1:10a:1:203:808:808", false),
        ("64:ff9b:1::/48", "64:ff9b:1:808:8:800::", true),
        ("64:ff9b:1::/48", "64:ff9b:1:a01:2:308:808:808", false),
        ("64:ff9b:1:ff00::/96", "64:ff9b:1:ff00::808:808", true),
        ("168.63.129.16/32", "168.63.129.16", true), ("168.63.0.0/16", "168.63.129.16", false),
    ])
    func `a rule opens special addresses by naming their network`(
        _ network: String,
        _ address: String,
        _ opens: Bool
    ) throws {
        let rules = AccessRules(RuleList([try Self.network(network, .allow)]))
        let standing = try Self.standing(rules, "example.com:443")
        let decision = rules.decision(try #require(Address(address)), standing)
        #expect(decision.isAllowed && decision.opens == opens)
    }

    @Test func `users and groups, clients, ports and times narrow a rule`() throws {
        var rule = Rule("narrow", .allow)
        rule.users = ["ana"]
        rule.groups = ["staff"]
        rule.clients = [try #require(Prefix("192.0.2.0/24"))]
        rule.ports = [443...443, 8000...8080]
        rule.times = [try #require(WeekSpan("Mon-Fri 08:00-18:00"))]
        let rules = AccessRules(RuleList([rule], groups: ["staff": ["ben"]]))
        func may(_ port: Int, _ user: String, _ client: String, _ time: String) throws -> Bool {
            try Self.standing(rules, "a.example:\(port)", user: user, client: client, at: time)
                .mayPass(by: rules)
        }
        #expect(try may(443, "ana", "192.0.2.1", "Mon 08:00"))
        #expect(try may(8080, "ben", "::ffff:192.0.2.1", "Fri 17:59"))
        #expect(try !may(444, "ana", "192.0.2.1", "Mon 08:00"))
        #expect(try !may(443, "Ana", "192.0.2.1", "Mon 08:00"))
        #expect(try !may(443, "", "192.0.2.1", "Mon 08:00"))
        #expect(try !may(443, "ana", "192.0.3.1", "Mon 08:00"))
        #expect(try !may(443, "ana", "192.0.2.1", "Mon 18:00"))
        #expect(try !may(443, "ana", "192.0.2.1", "Sat 12:00"))
    }

    @Test func `a literal address is a host of its own`() throws {
        let rules = AccessRules(RuleList([try Self.host("8.8.8.8"), try Self.host("[2600::1]")]))
        #expect(try Self.standing(rules, "8.8.8.8:443").mayPass(by: rules))
        #expect(try Self.standing(rules, "[::ffff:8.8.8.8]:443").mayPass(by: rules))
        #expect(try Self.standing(rules, "[2600::1]:443").mayPass(by: rules))
        #expect(try !Self.standing(rules, "8.8.8.9:443").mayPass(by: rules))
    }
}

extension Standing {
    fileprivate func mayPass(by rules: AccessRules) -> Bool { rules.refusal(self) == nil }
}

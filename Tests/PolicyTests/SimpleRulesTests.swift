import Internet
import Policy
import Testing

@Suite struct SimpleRulesTests {
    static func simple(
        _ allowHost: String? = nil,
        denyHost: String? = nil,
        allowNetwork: String? = nil,
        denyNetwork: String? = nil
    ) -> SimpleRules {
        var rules = SimpleRules()
        rules.allowedHosts = [allowHost].compactMap { $0.flatMap { HostPattern($0) } }
        rules.deniedHosts = [denyHost].compactMap { $0.flatMap { HostPattern($0) } }
        rules.allowedNetworks = [allowNetwork].compactMap { $0.flatMap { Prefix($0) } }
        rules.deniedNetworks = [denyNetwork].compactMap { $0.flatMap { Prefix($0) } }
        return rules
    }

    @Test func `nothing said is empty`() {
        #expect(SimpleRules().isEmpty)
        #expect(!Self.simple("a.test").isEmpty)
    }

    @Test func `what is denied comes first, and then only what is allowed`() {
        let rules = Self.simple("a.test", denyHost: "b.test", denyNetwork: "10.0.0.0/8")
            .list(ports: [443...443]).rules
        #expect(rules.map(\.name) == ["--deny-host", "--deny-network", "--allow-host"])
        #expect(rules.map(\.action) == [.deny, .deny, .allow])
        #expect(rules.map(\.ports) == [[], [], [443...443]])
    }

    @Test func `the rest is allowed where only denials are named`() {
        let rules = Self.simple(denyHost: "b.test").list(ports: [1...9]).rules
        #expect(rules.map(\.name) == ["--deny-host", "--allow-port"])
        #expect(rules[1].ports == [1...9] && rules[1].hosts.isEmpty && rules[1].networks.isEmpty)
    }

    @Test func `hosts and networks are allowed one beside the other`() {
        let rules = Self.simple("a.test", allowNetwork: "10.0.0.0/8").list(ports: [443...443]).rules
        #expect(rules.map(\.name) == ["--allow-network", "--allow-host"])
        #expect(rules[0].hosts.isEmpty && rules[1].networks.isEmpty)
    }
}

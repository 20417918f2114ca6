import Connect
import Internet
import Policy
import Proxy

/// Rules with limits, parents and sources, which are read again while tunnels are open.
extension Scenario {
    mutating func rollPolicy() {
        rules = rollRules()
        reloadTurn = dice.below(dice.pick([50, 300]))
        if dice.chance(600) { laterRules = rollRules() }
        configuration.enforcesOnReload = !isCalm && dice.chance(500)
    }

    private mutating func rollRules() -> RuleList {
        var rules: [Rule] = []
        for index in 0..<dice.below(5) { rules.append(rollRule("rule \(index)")) }
        for life in lives.indices where dice.chance(300) { rules.append(rollParent(of: life)) }
        var rest = Rule("rest", .allow)
        if dice.chance(600) { rest.terms.limits = rollLimits() }
        return RuleList(rules + [rest])
    }

    private mutating func rollRule(_ name: String) -> Rule {
        var rule = Rule(name, dice.pick([.allow, .allow, .allow, .deny, .report]))
        if dice.chance(600) {
            let hosts = ["*.test", "c1.test", "c3.test", "20.0.0.0", "20.0.2.0"]
            rule.hosts = [HostPattern(dice.pick(hosts))].compactMap { $0 }
        }
        if dice.chance(400) {
            let networks = ["20.0.0.0/22", "20.0.1.0", "20.0.0.0/8", "2a00::/16", "::/0"]
            rule.networks = [Prefix(networkOrAddress: dice.pick(networks))].compactMap { $0 }
        }
        if dice.chance(200) { rule.ports = [443...443] }
        if rule.action == .allow, dice.chance(700) { rule.terms.limits = rollLimits() }
        if rule.action == .allow, dice.chance(100) {
            rule.terms.source[.v4] = Address(v4: 0x0a00_0001)
        }
        return rule
    }

    /// A rule by which one life goes by way of a parent, whose address tells whose it is.
    private mutating func rollParent(of life: Int) -> Rule {
        var rule = Rule("parent \(life)", .allow)
        rule.hosts = ["c\(life).test", "20.0.\(life).0"].compactMap { HostPattern($0) }
        let address = Address(v4: UInt32(20 << 24 | 1 << 16 | life << 8))
        rule.terms.parent = Authority(host: .address(address), port: World.parentPort)
            .map { RuleParent($0) }
        if dice.chance(300) { rule.terms.parent?.authorization = Array("Basic YTpi".utf8) }
        if dice.chance(300) { rule.terms.limits = rollLimits() }
        return rule
    }

    /// What a parent says to a request.
    mutating func rollParentAnswer() -> [UInt8] {
        let answers = [
            "HTTP/1.1 100 Go on\r\n\r\nHTTP/1.0 204 x\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 503 No\r\nProxy-Status: up; error=destination_unavailable\r\n\r\n",
            "HTTP/1.1 407 Who?\r\n\r\n", "220 hello\r\n\r\n", "HTTP/1.1 200 OK\r\nA: ", "",
        ]
        let answer = dice.chance(700) ? "HTTP/1.1 200 OK\r\n\r\n" : dice.pick(answers)
        return Array(answer.utf8)
    }

    /// A total and a lifetime end tunnels whose peers haven't ended them.
    private mutating func rollLimits() -> RuleLimits {
        var limits = RuleLimits()
        limits.all.tunnels = UInt32(dice.pick([0, 0, 1, 2, 3]))
        limits.all.newPerSecond = UInt32(dice.pick([0, 0, 0, 1, 100]))
        limits.all.upPerSecond = UInt64(dice.pick([0, 1024, 40_000, 1 << 20]))
        limits.all.downPerSecond = UInt64(dice.pick([0, 1024, 40_000, 1 << 20]))
        guard !isCalm else { return limits }
        limits.bytes = dice.chance(300) ? UInt64(dice.within(1...20_000)) : 0
        limits.lifetime = dice.chance(300) ? UInt64(dice.within(1...50)) * 100_000_000 : 0
        return limits
    }
}

import Connect
import Internet
import Policy

/// Rules and requests of a small world, in which they meet often; all from a seed.
struct RandomRules {
    private var state: UInt64
    private static let labels = ["a", "b", "c"]
    private static let users = ["ana", "ben", "cleo", "dora"]
    private static let groups = ["one", "two", "none"]
    private static let networks = [
        "0.0.0.0/0", "10.0.0.0/7", "10.0.0.0/8", "10.0.0.0/9", "10.1.0.0/16", "10.1.2.0/24",
        "10.1.2.3/32", "8.0.0.0/8", "8.8.0.0/16", "8.8.8.8/32", "::/0", "2000::/3", "fd00::/8",
        "fd00:1::/32", "fd00:1::/64", "fd00:1::1/128", "64:ff9b::/96", "2002::/16",
        "64:ff9b:1::/48",
    ].compactMap { Prefix($0) }
    private static let addresses = [
        "10.1.2.3", "10.1.2.4", "10.1.3.1", "10.200.0.1", "11.0.0.1", "8.8.8.8", "8.8.9.1",
        "8.9.1.1", "9.0.0.1", "0.0.0.0", "255.255.255.255", "fd00:1::1", "fd00:1::2",
        "fd00:1:0:1::", "fd00:2::", "2001:4860::1", "::1", "64:ff9b::8.8.8.8",
        "64:ff9b::10.1.2.3", "2002:a01:203::1", "::ffff:8.8.8.8",
        "64:ff9b:1::8.8.8.8", "64:ff9b:1::10.1.2.3",
    ].compactMap { Address($0) }

    init(_ seed: UInt64) { state = seed }

    mutating func rules() -> (rules: [Rule], groups: [String: [String]]) {
        var groups: [String: [String]] = [:]
        for group in Self.groups.dropLast() { groups[group] = some(Self.users, 50) }
        let rules = (0..<below(12)).map { index in
            var rule = Rule("rule \(index)", pick(RuleAction.allCases))
            if chance(50) { rule.hosts = (0...below(3)).compactMap { _ in pattern() } }
            if chance(25) { rule.users = some(Self.users, 40) }
            if chance(25) { rule.groups = some(Self.groups, 40) }
            if chance(25) { rule.clients = some(Self.networks, 15) }
            if chance(45) { rule.networks = some(Self.networks, 15) }
            if chance(30) { rule.ports = (0...below(2)).map { _ in ports() } }
            if chance(20) { rule.times = (0...below(2)).compactMap { _ in span() } }
            return rule
        }
        return (rules, groups)
    }

    mutating func request() -> NaiveRules.Request? {
        let host =
            chance(15) ? Host.address(pick(Self.addresses).unmapped) : Name(name()).map(Host.name)
        guard let host, let authority = Authority(host: host, port: port()) else { return nil }
        let minute = UInt16(below(1440))
        return NaiveRules.Request(
            user: chance(70) ? pick(Self.users + ["eve"]) : nil,
            client: pick(Self.addresses),
            authority: authority,
            time: WeekTime(pick(Weekday.allCases), minuteOfDay: minute)
        )
    }

    mutating func address() -> Address { pick(Self.addresses) }

    private mutating func name() -> String {
        (0...below(4)).map { _ in pick(Self.labels) }.joined(separator: ".")
    }

    private mutating func pattern() -> HostPattern? {
        if chance(10) { return HostPattern("\(pick(Self.addresses))") }
        return HostPattern((chance(60) ? "*." : "") + name())
    }

    private mutating func port() -> UInt16 { pick([1, 22, 80, 443, 444, 8080, 65535]) }

    private mutating func ports() -> ClosedRange<UInt16> {
        let (one, other) = (port(), port())
        return min(one, other)...max(one, other)
    }

    private mutating func span() -> WeekSpan? {
        WeekSpan(pick(["Mon-Fri", "Sat,Sun", "08:00-18:00", "22:00-06:00", "Fri-Mon 20:00-04:00"]))
    }

    // MARK: SplitMix64

    private mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    private mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    private mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    private mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    private mutating func some<Value>(_ values: [Value], _ percent: Int) -> [Value] {
        values.filter { _ in chance(percent) }
    }
}

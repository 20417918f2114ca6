internal import Internet

/// Makes of rules as they are written the form in which they are asked.
struct RuleCompiler {
    let hosts: HostTree
    let users: UserTable
    let networks: NetworkTree
    let clients: NetworkTree
    private(set) var rules: [CompiledRule] = []
    private(set) var keys: [Int32] = []
    private(set) var ports: [ClosedRange<UInt16>] = []
    private(set) var times: [WeekSpan] = []

    init(_ rules: [Rule], groups: [String: [String]]) {
        let hostNumbers = RuleCompiler.numbers(rules.flatMap(\.hosts))
        let networkNumbers = RuleCompiler.numbers(rules.flatMap(\.networks))
        let clientNumbers = RuleCompiler.numbers(rules.flatMap(\.clients))
        hosts = HostTree(RuleCompiler.inOrder(hostNumbers))
        networks = NetworkTree(RuleCompiler.inOrder(networkNumbers))
        clients = NetworkTree(RuleCompiler.inOrder(clientNumbers))
        let named = Set(rules.flatMap(\.groups))
        users = UserTable(
            users: rules.flatMap(\.users),
            groups: groups.filter { named.contains($0.key) }
        )
        for rule in rules {
            var compiled = CompiledRule(action: rule.action)
            compiled.hosts = add(rule.hosts.compactMap { hostNumbers[$0] }, isThere: rule.hosts)
            compiled.networks = add(
                rule.networks.compactMap { networkNumbers[$0] },
                isThere: rule.networks
            )
            compiled.clients = add(
                rule.clients.compactMap { clientNumbers[$0] },
                isThere: rule.clients
            )
            compiled.users = add(
                rule.users.map { users.number(ofUser: $0) }
                    + rule.groups.compactMap { users.number(ofGroup: $0) },
                isThere: rule.users + rule.groups
            )
            // A rule that opens nothing has a condition that never holds.
            let opened = rule.action == .allow ? rule.networks.filter(SpecialRanges.contain) : []
            compiled.opened = add(opened.compactMap { networkNumbers[$0] }, isThere: [true])
            compiled.ports = RuleCompiler.add(rule.ports, to: &ports)
            compiled.times = RuleCompiler.add(rule.times, to: &times)
            self.rules.append(compiled)
        }
    }

    /// Files `rules`, by number.
    func shelf(_ rules: [Int], byNetwork: Bool) -> Shelf {
        Shelf(rules.map(Int32.init), byNetwork: byNetwork) { rule, dimension in
            let condition = self.rules[Int(rule)][dimension]
            return condition.isThere ? keys[condition.range] : nil
        }
    }

    private mutating func add(_ numbers: [Int32], isThere values: [some Any]) -> Condition {
        guard !values.isEmpty else { return .none }
        let start = keys.count
        keys += Set(numbers).sorted()
        return Condition(start..<keys.count)
    }

    private static func add<Value>(_ values: [Value], to all: inout [Value]) -> Condition {
        guard !values.isEmpty else { return .none }
        let start = all.count
        all += values
        return Condition(start..<all.count)
    }

    private static func numbers<Key: Hashable>(_ keys: [Key]) -> [Key: Int32] {
        var numbers: [Key: Int32] = [:]
        for key in keys where numbers[key] == nil { numbers[key] = Int32(numbers.count) }
        return numbers
    }

    private static func inOrder<Key>(_ numbers: [Key: Int32]) -> [Key] {
        numbers.sorted { $0.value < $1.value }.map(\.key)
    }
}

/// Which rules match all, or some, of what others do.
struct RuleCoverage {
    let parts: RuleCompiler
    /// The rules that decide, and those of them that allow.
    private let deciding: Shelf
    let allowing: Shelf
    let allowingByHost, allowingByUser, allowingByNetwork, allowingByClient: Filed
    /// Which hosts and networks are narrower than each.
    let hosts, networks, clients: Descent
    /// The minutes of each rule that has times: many rules have the same ones.
    private let weeks: [WeekMinutes]
    private let weekOfRule: [Int?]
    /// Pairs of rules that may still be compared: it would take hours if there are very many that
    /// are alike.
    var pairsLeft: Int

    init(_ list: RuleList, pairsMax: Int) {
        pairsLeft = pairsMax
        parts = RuleCompiler(list.rules, groups: list.groups)
        let rules = list.rules.indices
        deciding = parts.shelf(
            rules.filter { list.rules[$0].action != .report },
            byNetwork: true
        )
        allowing = parts.shelf(rules.filter { list.rules[$0].action == .allow }, byNetwork: true)
        allowingByHost = Filed(allowing.byHost)
        allowingByUser = Filed(allowing.byUser)
        allowingByNetwork = Filed(allowing.byNetwork)
        allowingByClient = Filed(allowing.byClient)
        hosts = Descent(parts.hosts.parents)
        networks = Descent(parts.networks.parents)
        clients = Descent(parts.clients.parents)
        var numbers: [[WeekSpan]: Int] = [:]
        var weeks: [WeekMinutes] = []
        weekOfRule = list.rules.map(\.times).map { times in
            guard !times.isEmpty else { return nil }
            if let known = numbers[times] { return known }
            numbers[times] = weeks.count
            weeks.append(WeekMinutes(times))
            return weeks.count - 1
        }
        self.weeks = weeks
    }

    /// The first rule that decides before `rule`, and matches all that it does; nil if there is
    /// none, or no more rules may be compared.
    ///
    /// Such a rule matches whatever the first values of this one do: it is filed where they are
    /// found.
    mutating func first(covering rule: Int) -> Int? {
        let compiled = parts.rules[rule]
        var found: Int32?
        var pairs = 0
        defer { pairsLeft = max(0, pairsLeft - pairs) }
        func look(_ lists: Shelf.Lists, _ key: Int32) {
            for index in lists.range(of: key) {
                let other = lists.rules[index]
                guard other < found ?? Int32(rule), pairs < pairsLeft else { return }
                pairs += 1
                if covers(Int(other), rule) { found = other }
            }
        }
        func look(_ lists: Shelf.Lists, _ condition: Condition, _ parents: [Int32]) {
            guard !lists.isEmpty, let first = keys(condition).first else { return }
            for key in chain(first, parents) { look(lists, key) }
        }
        look(deciding.rest, 0)
        look(deciding.byHost, compiled.hosts, parts.hosts.parents)
        look(deciding.byNetwork, compiled.networks, parts.networks.parents)
        look(deciding.byClient, compiled.clients, parts.clients.parents)
        if !deciding.byUser.isEmpty, let first = keys(compiled.users).first {
            for key in numbers(first) { look(deciding.byUser, key) }
        }
        return found.map(Int.init)
    }

    /// Whether `outer` matches all that `inner` does.
    func covers(_ outerRule: Int, _ innerRule: Int) -> Bool {
        let (outer, inner) = (parts.rules[outerRule], parts.rules[innerRule])
        return covers(outer.hosts, inner.hosts, parts.hosts.parents)
            && covers(outer.networks, inner.networks, parts.networks.parents)
            && covers(outer.clients, inner.clients, parts.clients.parents)
            && holds(outer.users, inner.users) { outer, inner in
                keys(inner).allSatisfy { key in numbers(key).contains { has(outer, $0) } }
            }
            && holds(outer.ports, inner.ports) { outer, inner in
                parts.ports[inner.range].allSatisfy { covers(outer, $0) }
            }
            && holds(outer.times, inner.times) { _, _ in
                guard let outer = week(outerRule), let inner = week(innerRule) else { return true }
                return outer.contains(inner)
            }
    }

    /// Whether there is something that both rules match.
    func intersects(_ oneRule: Int, _ otherRule: Int) -> Bool {
        let (one, other) = (parts.rules[oneRule], parts.rules[otherRule])
        return intersects(one.hosts, other.hosts, parts.hosts.parents)
            && intersects(one.networks, other.networks, parts.networks.parents)
            && intersects(one.clients, other.clients, parts.clients.parents)
            && areNear(one.users, other.users) { one, other in
                keys(one).contains { key in
                    parts.users.members(of: key).contains { user in
                        numbers(user).contains { has(other, $0) }
                    }
                }
            }
            && areNear(one.ports, other.ports) { one, other in
                parts.ports[one.range].contains { range in
                    parts.ports[other.range].contains { range.overlaps($0) }
                }
            }
            && areNear(one.times, other.times) { _, _ in
                guard let one = week(oneRule), let other = week(otherRule) else { return true }
                return one.intersects(other)
            }
    }

    /// When `rule` matches; nil if that is always.
    private func week(_ rule: Int) -> WeekMinutes? { weekOfRule[rule].map { weeks[$0] } }

    // MARK: Conditions

    /// No condition holds for all that any condition does.
    private func holds(
        _ outer: Condition,
        _ inner: Condition,
        _ test: (Condition, Condition) -> Bool
    ) -> Bool {
        !outer.isThere || inner.isThere && test(outer, inner)
    }

    /// No condition has something in common with each.
    private func areNear(
        _ one: Condition,
        _ other: Condition,
        _ test: (Condition, Condition) -> Bool
    ) -> Bool {
        !one.isThere || !other.isThere || test(one, other)
    }

    private func covers(_ outer: Condition, _ inner: Condition, _ parents: [Int32]) -> Bool {
        holds(outer, inner) { outer, inner in
            keys(inner).allSatisfy { key in chain(key, parents).contains { has(outer, $0) } }
        }
    }

    private func intersects(_ one: Condition, _ other: Condition, _ parents: [Int32]) -> Bool {
        areNear(one, other) { one, other in
            keys(one).contains { key in chain(key, parents).contains { has(other, $0) } }
                || keys(other).contains { key in chain(key, parents).contains { has(one, $0) } }
        }
    }

    // MARK: Values

    func keys(_ condition: Condition) -> ArraySlice<Int32> { parts.keys[condition.range] }

    /// `key` and all wider ones.
    func chain(_ key: Int32, _ parents: [Int32]) -> [Int32] {
        var chain: [Int32] = []
        var key = key
        while key >= 0 {
            chain.append(key)
            key = parents[Int(key)]
        }
        return chain
    }

    /// What a user is known as; a group is known as itself.
    func numbers(_ key: Int32) -> [Int32] {
        parts.users.isUser(key) ? Array(parts.users.numbers[parts.users.range(of: key)]) : [key]
    }

    /// Keys ascend.
    private func has(_ condition: Condition, _ key: Int32) -> Bool {
        var range = condition.range
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if parts.keys[middle] == key { return true }
            let isAbove = parts.keys[middle] < key
            range = isAbove ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return false
    }

    /// Whether the ranges of `condition` together cover `ports`.
    private func covers(_ condition: Condition, _ ports: ClosedRange<UInt16>) -> Bool {
        var port = ports.lowerBound
        while let range = parts.ports[condition.range].first(where: { $0.contains(port) }) {
            guard range.upperBound < ports.upperBound else { return true }
            port = range.upperBound + 1
        }
        return false
    }
}

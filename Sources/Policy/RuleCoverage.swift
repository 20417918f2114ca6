/// Which rules match all, or some, of what others do.
struct RuleCoverage {
    private let parts: RuleCompiler
    /// The rules that decide.
    private let shelf: Shelf

    init(_ list: RuleList) {
        parts = RuleCompiler(list.rules, groups: list.groups)
        let deciding = list.rules.indices.filter { list.rules[$0].action != .report }
        shelf = parts.shelf(deciding, byNetwork: true)
    }

    /// The first rule that decides before `rule`, and matches all that it does; nil if there is
    /// none.
    ///
    /// Such a rule matches whatever the first values of this one do: it is filed where they are
    /// found.
    func first(covering rule: Int) -> Int? {
        let compiled = parts.rules[rule]
        var found: Int32?
        func look(_ lists: Shelf.Lists, _ key: Int32) {
            for index in lists.range(of: key) {
                let other = lists.rules[index]
                guard other < found ?? Int32(rule) else { return }
                if covers(Int(other), rule) { found = other }
            }
        }
        func look(_ lists: Shelf.Lists, _ condition: Condition, _ parents: [Int32]) {
            guard !lists.isEmpty, let first = keys(condition).first else { return }
            for key in chain(first, parents) { look(lists, key) }
        }
        look(shelf.rest, 0)
        look(shelf.byHost, compiled.hosts, parts.hosts.parents)
        look(shelf.byNetwork, compiled.networks, parts.networks.parents)
        look(shelf.byClient, compiled.clients, parts.clients.parents)
        if !shelf.byUser.isEmpty, let first = keys(compiled.users).first {
            for key in numbers(first) { look(shelf.byUser, key) }
        }
        return found.map(Int.init)
    }

    /// Whether `outer` matches all that `inner` does.
    func covers(_ outer: Int, _ inner: Int) -> Bool {
        let (outer, inner) = (parts.rules[outer], parts.rules[inner])
        return covers(outer.hosts, inner.hosts, parts.hosts.parents)
            && covers(outer.networks, inner.networks, parts.networks.parents)
            && covers(outer.clients, inner.clients, parts.clients.parents)
            && holds(outer.users, inner.users) { outer, inner in
                keys(inner).allSatisfy { key in numbers(key).contains { has(outer, $0) } }
            }
            && holds(outer.ports, inner.ports) { outer, inner in
                parts.ports[inner.range].allSatisfy { covers(outer, $0) }
            }
            && holds(outer.times, inner.times) { outer, inner in
                minutes(inner).isSubset(of: minutes(outer))
            }
    }

    /// Whether there is something that both rules match.
    func intersects(_ one: Int, _ other: Int) -> Bool {
        let (one, other) = (parts.rules[one], parts.rules[other])
        return intersects(one.hosts, other.hosts, parts.hosts.parents)
            && intersects(one.networks, other.networks, parts.networks.parents)
            && intersects(one.clients, other.clients, parts.clients.parents)
            && areNear(one.users, other.users) { one, other in
                let users = Set(parts.users.members(of: keys(one)))
                return !users.isDisjoint(with: parts.users.members(of: keys(other)))
            }
            && areNear(one.ports, other.ports) { one, other in
                parts.ports[one.range].contains { range in
                    parts.ports[other.range].contains { range.overlaps($0) }
                }
            }
            && areNear(one.times, other.times) { one, other in
                !minutes(one).isDisjoint(with: minutes(other))
            }
    }

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

    private func keys(_ condition: Condition) -> ArraySlice<Int32> { parts.keys[condition.range] }

    /// `key` and all wider ones.
    private func chain(_ key: Int32, _ parents: [Int32]) -> [Int32] {
        var chain: [Int32] = []
        var key = key
        while key >= 0 {
            chain.append(key)
            key = parents[Int(key)]
        }
        return chain
    }

    /// What a user is known as; a group is known as itself.
    private func numbers(_ key: Int32) -> [Int32] {
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

    private func minutes(_ condition: Condition) -> Set<UInt16> {
        let spans = parts.times[condition.range]
        return Set(
            Weekday.allCases.flatMap { day in
                (0..<WeekTime.minutesPerDay).compactMap { minute in
                    let time = WeekTime(day, minuteOfDay: minute)
                    return spans.contains { $0.contains(time) } ? time.minutes : nil
                }
            }
        )
    }
}

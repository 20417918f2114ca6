/// Finding rules that allow a part of what others are to deny.
extension RuleCoverage {
    /// The first rule that allows before `rule` does otherwise, matches a part of what it does, and
    /// is no exception from it; nil if there is none, or no more rules may be compared.
    ///
    /// Such a rule is filed under what this one has, too, or under what is wider or narrower.
    mutating func first(overlapping rule: Int) -> Int? {
        let compiled = parts.rules[rule]
        var found: Int32?
        var pairs = 0
        defer { pairsLeft = max(0, pairsLeft - pairs) }
        func look(_ others: some Sequence<Int32>) {
            for other in others {
                guard other < found ?? Int32(rule), pairs < pairsLeft else { return }
                pairs += 1
                if intersects(Int(other), rule), !covers(rule, Int(other)) { found = other }
            }
        }
        func look(_ filed: Filed, _ condition: Condition, _ near: (Int32) -> [Int32]) {
            guard condition.isThere else { return look(filed.rules) }
            guard !filed.rules.isEmpty else { return }
            for key in Set(keys(condition).flatMap(near)) {
                look(filed.lists.rules[filed.lists.range(of: key)])
            }
        }
        look(allowing.rest.rules)
        look(allowingByHost, compiled.hosts) { chain($0, parts.hosts.parents) + hosts.below($0) }
        look(allowingByNetwork, compiled.networks) {
            chain($0, parts.networks.parents) + networks.below($0)
        }
        look(allowingByClient, compiled.clients) {
            chain($0, parts.clients.parents) + clients.below($0)
        }
        look(allowingByUser, compiled.users) { key in
            parts.users.members(of: key).flatMap { numbers($0) }
        }
        return found.map(Int.init)
    }
}

/// Rules by key, and in their order.
struct Filed {
    let lists: Shelf.Lists
    let rules: [Int32]

    init(_ lists: Shelf.Lists) {
        self.lists = lists
        rules = Set(lists.rules).sorted()
    }
}

/// A forest that is known by the parent of each, the other way round.
struct Descent {
    private let children: [[Int32]]

    /// The forest in which each has this parent; -1 is none.
    init(_ parents: [Int32]) {
        var children: [[Int32]] = Array(repeating: [], count: parents.count)
        for (key, parent) in parents.enumerated() where parent >= 0 {
            children[Int(parent)].append(Int32(key))
        }
        self.children = children
    }

    /// All below `key`.
    func below(_ key: Int32) -> [Int32] {
        var all = children[Int(key)]
        var index = 0
        while index < all.count {
            all += children[Int(all[index])]
            index += 1
        }
        return all
    }
}

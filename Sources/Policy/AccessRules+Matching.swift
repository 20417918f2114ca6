/// Finding the first rule that matches.
extension AccessRules {
    /// What is known of the address.
    enum Network {
        /// Nothing yet: conditions on it may hold.
        case unknown
        /// The narrowest network that it is in; -1 if there is none.
        case known(Int32)

        fileprivate var number: Int32 {
            switch self {
            case .unknown: -2
            case .known(let number): number
            }
        }
    }

    /// The first rule of `shelf` that matches and is below `limit`; else that limit.
    func first(
        _ shelf: borrowing Shelf,
        _ standing: Standing,
        network: Network,
        below limit: Int32
    ) -> Int32 {
        var first = limit
        let network = network.number
        scan(shelf.rest, 0, standing, network, &first)
        if !shelf.byHost.isEmpty {
            scan(shelf.byHost, from: standing.host, hosts.parents, standing, network, &first)
        }
        if !shelf.byUser.isEmpty {
            for index in users.range(of: standing.user) {
                scan(shelf.byUser, users.numbers[index], standing, network, &first)
            }
        }
        if !shelf.byNetwork.isEmpty {
            scan(shelf.byNetwork, from: network, networks.parents, standing, network, &first)
        }
        if !shelf.byClient.isEmpty {
            scan(shelf.byClient, from: standing.client, clients.parents, standing, network, &first)
        }
        return first
    }

    /// Looks at the rules of `key` and of all wider ones.
    @inline(__always)
    private func scan(
        _ lists: borrowing Shelf.Lists,
        from key: Int32,
        _ parents: borrowing [Int32],
        _ standing: Standing,
        _ network: Int32,
        _ first: inout Int32
    ) {
        var key = key
        while key >= 0 {
            scan(lists, key, standing, network, &first)
            key = parents[Int(key)]
        }
    }

    /// Looks at the rules of `key` for one that matches and comes before `first`.
    @inline(__always)
    private func scan(
        _ lists: borrowing Shelf.Lists,
        _ key: Int32,
        _ standing: Standing,
        _ network: Int32,
        _ first: inout Int32
    ) {
        for index in lists.range(of: key) {
            let rule = lists.rules[index]
            guard rule < first else { return }
            if matches(rules[Int(rule)], standing, network) {
                first = rule
                return
            }
        }
    }

    private func matches(
        _ rule: CompiledRule,
        _ standing: Standing,
        _ network: Int32
    ) -> Bool {
        holds(rule.hosts, standing.host, hosts.parents)
            && (network == -2 || holds(rule.networks, network, networks.parents))
            && holds(rule.clients, standing.client, clients.parents)
            && holds(rule.users, ofUser: standing.user)
            && holds(rule.ports, standing.port)
            && holds(rule.times, standing.time)
    }

    /// Whether `key`, or a wider one, is what `condition` asks for.
    func holds(_ condition: Condition, _ key: Int32, _ parents: borrowing [Int32]) -> Bool {
        guard condition.isThere else { return true }
        var key = key
        while key >= 0 {
            if has(condition, key) { return true }
            key = parents[Int(key)]
        }
        return false
    }

    private func holds(_ condition: Condition, ofUser user: Int32) -> Bool {
        guard condition.isThere else { return true }
        for index in users.range(of: user) where has(condition, users.numbers[index]) {
            return true
        }
        return false
    }

    private func holds(_ condition: Condition, _ port: UInt16) -> Bool {
        guard condition.isThere else { return true }
        for index in condition.range where ports[index].contains(port) { return true }
        return false
    }

    private func holds(_ condition: Condition, _ time: WeekTime) -> Bool {
        guard condition.isThere else { return true }
        for index in condition.range where times[index].contains(time) { return true }
        return false
    }

    /// Whether `key` is one of those of `condition`.
    private func has(_ condition: Condition, _ key: Int32) -> Bool {
        var range = condition.range
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            let found = keys[middle]
            if found == key { return true }
            range = found < key ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return false
    }
}

/// Rules, each filed under that of its conditions which it shares with the fewest others, so that
/// only few have to be looked at for a request.
struct Shelf: Sendable {
    /// What a rule can be filed under.
    enum Dimension: Int, CaseIterable {
        case host, user, network, client
    }

    /// Rules by key: the numbers of rules, ascending, for each key of a dimension.
    struct Lists: Sendable {
        private var starts: [Int32] = []
        private(set) var rules: [Int32] = []

        /// Whether nothing is filed here.
        var isEmpty: Bool { rules.isEmpty }

        init(_ filed: [(key: Int32, rule: Int32)]) {
            guard let last = filed.map(\.key).max() else { return }
            let sorted = filed.sorted { ($0.key, $0.rule) < ($1.key, $1.rule) }
            starts.reserveCapacity(Int(last) + 2)
            for (index, entry) in sorted.enumerated() {
                while starts.count <= entry.key { starts.append(Int32(index)) }
            }
            starts.append(Int32(sorted.count))
            rules = sorted.map(\.rule)
        }

        /// Where the rules of `key` are.
        @inline(__always)
        func range(of key: Int32) -> Range<Int> {
            guard key + 1 < starts.count else { return 0..<0 }
            return Int(starts[Int(key)])..<Int(starts[Int(key) + 1])
        }
    }

    let byHost: Lists
    let byUser: Lists
    let byNetwork: Lists
    let byClient: Lists
    /// Rules that can be filed under nothing, by the key 0.
    let rest: Lists

    /// Files `rules`; `keys` are what a rule has to say on a dimension, nil if that is nothing.
    init(
        _ rules: [Int32],
        byNetwork hasNetwork: Bool,
        keys: (Int32, Dimension) -> ArraySlice<Int32>?
    ) {
        let dimensions = Dimension.allCases.filter { $0 != .network || hasNetwork }
        var loads: [Dimension: [Int32: Int]] = [:]
        for rule in rules {
            for dimension in dimensions {
                for key in keys(rule, dimension) ?? [] {
                    loads[dimension, default: [:]][key, default: 0] += 1
                }
            }
        }
        var filed: [Dimension?: [(key: Int32, rule: Int32)]] = [:]
        for rule in rules {
            let choices = dimensions.compactMap { dimension in
                keys(rule, dimension).map { keys in
                    (dimension, keys, keys.map { loads[dimension]?[$0] ?? 0 }.max() ?? 0)
                }
            }
            if let best = choices.min(by: { $0.2 < $1.2 }) {
                filed[best.0, default: []] += best.1.map { ($0, rule) }
            } else {
                filed[nil, default: []].append((0, rule))
            }
        }
        byHost = Lists(filed[.host] ?? [])
        byUser = Lists(filed[.user] ?? [])
        byNetwork = Lists(filed[.network] ?? [])
        byClient = Lists(filed[.client] ?? [])
        rest = Lists(filed[nil] ?? [])
    }

    /// Whether there is no rule at all.
    var isEmpty: Bool {
        byHost.isEmpty && byUser.isEmpty && byNetwork.isEmpty && byClient.isEmpty && rest.isEmpty
    }
}

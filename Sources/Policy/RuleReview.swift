internal import Internet

/// What is doubtful about the rules of a policy, taken together.
public struct RuleReview {
    /// What can be doubtful.
    public enum Kind: Sendable {
        /// One rule before it matches all that it does, and decides.
        case unreachable
        /// A rule before it allows a part of what it is to deny or report.
        case overlap
        /// A value is in the rule already.
        case repeated
        /// A pattern allows all names below one under which anybody can have a name.
        case publicSuffix
        /// A network is allowed, but none of its addresses is ever dialled.
        case neverDialled
        /// A network is allowed whose special addresses stay refused.
        case partlySpecial
        /// From this rule on, not all pairs of rules have been compared.
        case unreviewed
    }

    /// A rule, perhaps one of its values, and what is doubtful about it.
    public struct Doubt: Equatable, Sendable {
        /// What is doubtful.
        public let kind: Kind
        /// The rule.
        public let rule: Int
        /// The key and the number of the value; nil if it is all of the rule.
        public var value: (key: RuleKey, index: Int)?
        /// The rule before it that has to do with it.
        public var other: Int?

        /// Whether the policy can't be meant so.
        public var isError: Bool { kind == .unreachable }

        /// Whether both say the same of the same.
        public static func == (left: Doubt, right: Doubt) -> Bool {
            left.kind == right.kind && left.rule == right.rule && left.other == right.other
                && left.value?.key == right.value?.key && left.value?.index == right.value?.index
        }
    }

    /// All that is doubtful.
    public private(set) var doubts: [Doubt] = []
    private var coverage: RuleCoverage

    /// Looks at the rules of `list`; at most `pairsMax` pairs of them are compared.
    public init(_ list: RuleList, _ suffixes: PublicSuffixes, pairsMax: Int = 10_000_000) {
        coverage = RuleCoverage(list, pairsMax: pairsMax)
        for (index, rule) in list.rules.enumerated() {
            reviewValues(of: rule, index, suffixes)
            if let other = coverage.first(covering: index) {
                doubts.append(Doubt(kind: .unreachable, rule: index, other: other))
            }
            if noteUnreviewed(index) { return }
        }
        reviewOverlaps(list.rules)
    }

    // MARK: One rule

    private mutating func reviewValues(
        of rule: Rule,
        _ index: Int,
        _ suffixes: PublicSuffixes
    ) {
        noteRepeated(rule.users, .users, index)
        noteRepeated(rule.groups, .groups, index)
        noteRepeated(rule.clients, .clients, index)
        noteRepeated(rule.hosts, .hosts, index)
        noteRepeated(rule.networks, .networks, index)
        guard rule.action == .allow else { return }
        for (place, host) in rule.hosts.enumerated() {
            guard case .below(let name) = host, suffixes.contains(name) else { continue }
            doubts.append(Doubt(kind: .publicSuffix, rule: index, value: (.hosts, place)))
        }
        for (place, network) in rule.networks.enumerated() {
            guard let kind = RuleReview.doubt(about: network) else { continue }
            doubts.append(Doubt(kind: kind, rule: index, value: (.networks, place)))
        }
    }

    private mutating func noteRepeated<Value: Hashable>(
        _ values: [Value],
        _ key: RuleKey,
        _ index: Int
    ) {
        guard values.count > 1 else { return }
        var seen: Set<Value> = []
        for (place, value) in values.enumerated() where !seen.insert(value).inserted {
            doubts.append(Doubt(kind: .repeated, rule: index, value: (key, place)))
        }
    }

    private static func doubt(about network: Prefix) -> Kind? {
        if SpecialRanges.areNeverDialled(network) { return .neverDialled }
        // Whoever allows everything means everything that is public.
        guard network.length > 0, !SpecialRanges.contain(network) else { return nil }
        return SpecialRanges.overlap(network) ? .partlySpecial : nil
    }

    // MARK: Two rules

    /// Looks for rules that are to deny or report what an earlier one allows in part.
    ///
    /// A narrow rule that allows, before a wide one that denies, is an exception, and meant.
    private mutating func reviewOverlaps(_ rules: [Rule]) {
        let unreachable = Set(doubts.filter { $0.kind == .unreachable }.map(\.rule))
        for (index, rule) in rules.enumerated()
        where rule.action != .allow && !unreachable.contains(index) {
            if let other = coverage.first(overlapping: index) {
                doubts.append(Doubt(kind: .overlap, rule: index, other: other))
            }
            if noteUnreviewed(index) { return }
        }
    }

    /// Notes it if no more rules may be compared from `index` on.
    private mutating func noteUnreviewed(_ index: Int) -> Bool {
        guard coverage.pairsLeft == 0 else { return false }
        if doubts.last?.kind != .unreviewed {
            doubts.append(Doubt(kind: .unreviewed, rule: index))
        }
        return true
    }
}

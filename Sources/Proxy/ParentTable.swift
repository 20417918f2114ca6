internal import Policy

/// The parent proxies that rules name, as one worker knows them.
///
/// A parent keeps its number for as long as the worker lives: an opening may be on its way to one
/// that the rules of now don't name any more.
struct ParentTable {
    private var parents: [RuleParent] = []
    private var known: [RuleParent: Int32] = [:]
    /// The parent of each rule, by number; -1 if it has none.
    private var numbers: [Int32] = []
    /// Whether any rule has one.
    private(set) var areThere = false

    /// From now on `rules` hold.
    mutating func adopt(_ rules: AccessRules) {
        numbers = rules.terms.map { terms in
            guard let parent = terms.parent else { return -1 }
            if let number = known[parent] { return number }
            let number = Int32(parents.count)
            parents.append(parent)
            known[parent] = number
            return number
        }
        areThere = numbers.contains { $0 >= 0 }
    }

    /// The number of the parent of `rule`; nil if it has none.
    func number(ofRule rule: Int) -> Int32? {
        guard areThere, numbers[rule] >= 0 else { return nil }
        return numbers[rule]
    }

    /// The parent of this number.
    subscript(number: Int32) -> RuleParent { parents[Int(number)] }
}

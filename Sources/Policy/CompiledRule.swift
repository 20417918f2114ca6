/// A stretch of the keys, ports or times of all rules that belongs to one of them.
struct Condition: Sendable, BitwiseCopyable {
    private let start: Int32
    private let count: Int32

    /// No condition: it always holds.
    static var none: Condition { Condition(start: -1, count: 0) }

    private init(start: Int32, count: Int32) {
        self.start = start
        self.count = count
    }

    init(_ range: Range<Int>) {
        self.init(start: Int32(range.lowerBound), count: Int32(range.count))
    }

    var isThere: Bool { start >= 0 }

    var range: Range<Int> { start < 0 ? 0..<0 : Int(start)..<Int(start + count) }
}

/// A rule in the form in which it is looked at.
struct CompiledRule: Sendable, BitwiseCopyable {
    var action: RuleAction
    var hosts = Condition.none
    var users = Condition.none
    var networks = Condition.none
    var clients = Condition.none
    var ports = Condition.none
    var times = Condition.none
    /// The networks that it opens though their addresses are special.
    var opened = Condition.none

    subscript(dimension: Shelf.Dimension) -> Condition {
        switch dimension {
        case .host: hosts
        case .user: users
        case .network: networks
        case .client: clients
        }
    }
}

import MethodTunnel

/// The connection beyond one end of a stream: what it writes, and what it makes of what it reads.
struct Program {
    /// What tells its bytes from those of others.
    let writesKey: UInt64
    let readsKey: UInt64
    /// Bytes that it writes before its end.
    let writeTotal: Int
    /// Bytes that it must read before the end.
    let readTotal: Int
    /// After how many bytes, both ways together, it resets.
    let resetsAfter: Int?
    /// Whether the plan has a reset, from either side.
    let mayBeReset: Bool
    var produced = 0
    var framed = 0
    /// How far it reads for the time being.
    var appetite = 0
    var readCount = 0
    var sawEnd = false
    var hasReset = false
    var wasReset = false

    var isFinished: Bool { hasReset || wasReset || (sawEnd && framed == writeTotal) }
    /// Whether it ended as planned.
    var isAsPlanned: Bool { isFinished && (mayBeReset || sawEnd) }
    var isIdle: Bool { produced == writeTotal && appetite == readTotal }

    /// Writes and wants some more.
    mutating func advance(_ dice: inout Dice) {
        produced = Self.further(produced, writeTotal, &dice)
        appetite = Self.further(appetite, readTotal, &dice)
    }

    private static func further(_ count: Int, _ total: Int, _ dice: inout Dice) -> Int {
        if dice.chance(300) { return count }
        return dice.chance(100) ? total : min(total, count + dice.within(1...(total / 4 + 1)))
    }
}

/// A fault of the format or its state machines that a simulated session has shown.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

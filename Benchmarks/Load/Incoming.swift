internal import Kernel

/// The stream that is due on a socket: checks what comes.
struct Incoming: Sendable {
    /// What came of some bytes.
    enum Finding: Equatable {
        case fine
        /// More came than was due.
        case surplus
        /// The byte at this position is another one than was due.
        case wrong(at: UInt64)
    }

    /// Where in the pattern the stream begins.
    var start: UInt32 = 0
    /// Bytes that have come.
    private(set) var received: UInt64 = 0
    /// Bytes that are due by now.
    var due: UInt64 = 0
    /// Whether the stream has ended.
    var hasEnded = false
    /// Whether each byte is looked at, or only the first and last of what comes at once.
    var isThorough = true

    /// Takes the next bytes of the stream.
    mutating func take(_ bytes: Extent, _ pattern: Pattern) -> Finding {
        let position = received
        let isSurplus = UInt64(bytes.count) > due - position
        let expected = isSurplus ? bytes.part(0..<Int(due - position)) : bytes
        let difference =
            isThorough
            ? pattern.firstDifference(expected, start: start, position: position)
            : pattern.firstShift(expected, start: start, position: position)
        if let difference { return .wrong(at: position + UInt64(difference)) }
        guard !isSurplus else { return .surplus }
        received += UInt64(bytes.count)
        return .fine
    }
}

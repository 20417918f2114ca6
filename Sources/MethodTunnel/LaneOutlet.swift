/// The sending end of a lane: which of its bytes are kept, and where.
///
/// The bytes themselves are the caller's, in a ring of `capacity` bytes: the byte at a lane offset
/// stands at that offset modulo the capacity, until it has been acknowledged.
public struct LaneOutlet: Sendable {
    /// Bytes that are kept, at most.
    public let capacity: Int
    /// What is before this lane offset has arrived.
    public private(set) var acknowledged: UInt64 = 0
    /// Bytes that were ever put on the lane.
    public private(set) var end: UInt64 = 0

    /// A lane without bytes.
    public init(capacity: Int) {
        precondition(capacity > Frame.headerByteCount)
        self.capacity = capacity
    }

    /// Bytes that may be put on the lane now.
    public var room: Int { capacity - Int(end - acknowledged) }

    /// Bytes that have not been acknowledged.
    public var keptByteCount: Int { Int(end - acknowledged) }

    /// Takes note of `count` bytes more, which the caller writes into the ring.
    mutating func append(_ count: Int) {
        precondition(count <= room)
        end += UInt64(count)
    }

    /// Forgets what is before `offset`; one that was overtaken says nothing new.
    public mutating func acknowledge(_ offset: UInt64) throws(Violation) {
        guard offset <= end else { throw .neverSent }
        acknowledged = max(acknowledged, offset)
    }

    /// Where in the ring the bytes from `offset` on stand, at most `countMax` of them: as many as
    /// lie in one piece.
    public func piece(from offset: UInt64, countMax: Int) -> Range<Int> {
        precondition(offset >= acknowledged && offset <= end)
        return ringPiece(from: offset, countMax: min(countMax, Int(end - offset)))
    }

    /// The same for bytes that the caller is about to write.
    public func ringPiece(from offset: UInt64, countMax: Int) -> Range<Int> {
        let start = Int(offset % UInt64(capacity))
        return start..<(start + min(countMax, capacity - start))
    }
}

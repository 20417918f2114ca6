/// Bytes of which each tells its place: none can be lost, come twice or be swapped unnoticed.
///
/// They repeat after a prime number of bytes, which is no multiple of any buffer or pipe.
struct Pattern: Sendable {
    /// Bytes that came and weren't those of their place.
    struct Mismatch: Error, CustomStringConvertible {
        let offset: Int
        var description: String { "other bytes than were sent, from byte \(offset) on" }
    }

    /// What clients send.
    static let outbound = Pattern(seed: 1)
    /// What upstreams send.
    static let inbound = Pattern(seed: 2)
    /// As many bytes as one piece can have.
    static let pieceMax = 1 << 18
    private static let period = 1_000_003
    private let bytes: [UInt8]

    private init(seed: UInt64) {
        var state = seed
        let round = (0..<Self.period).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        bytes = round + round.prefix(Self.pieceMax)
    }

    /// The bytes from `offset` on, at most `count` of them; fewer if that is a large piece.
    func piece(at offset: Int, _ count: Int) -> ArraySlice<UInt8> {
        let start = offset % Self.period
        return bytes[start..<start + min(count, Self.pieceMax)]
    }

    /// Demands that `received` is what stands at `offset`.
    func check(_ received: [UInt8], at offset: Int) throws {
        guard received == Array(piece(at: offset, received.count)) else {
            throw Mismatch(offset: offset)
        }
    }
}

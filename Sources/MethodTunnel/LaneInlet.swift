/// The receiving end of a lane: makes frames of bytes that arrive in pieces.
struct LaneInlet: Sendable {
    /// What the next bytes are.
    enum Piece: Equatable {
        /// There are none.
        case none
        /// They completed the header of a frame, which has been read.
        case frame(Frame)
        /// Payload of a frame, from the given one of its bytes on; not yet read.
        case payload(Frame, start: Int, Range<Int>)
    }

    /// What is before this lane offset has been taken.
    private(set) var taken: UInt64 = 0
    private var header = [16 of UInt8](repeating: 0)
    private var headerCount = 0
    private var frame: Frame?
    private var payloadCount = 0

    /// Reads on at `index` of `bytes`, which stands for the lane offset `taken`.
    ///
    /// A header is read up to its end; payload only by `advance`.
    mutating func next(_ bytes: Span<UInt8>, _ index: inout Int) throws(Violation) -> Piece {
        if let frame {
            guard index < bytes.count else { return .none }
            let count = min(frame.count - payloadCount, bytes.count - index)
            return .payload(frame, start: payloadCount, index..<(index + count))
        }
        while index < bytes.count {
            header[headerCount] = bytes[index]
            index += 1
            headerCount += 1
            taken += 1
            guard headerCount == Frame.headerByteCount else { continue }
            headerCount = 0
            let frame = try Frame(decoding: header)
            if frame.count > 0 {
                self.frame = frame
                payloadCount = 0
            }
            return .frame(frame)
        }
        return .none
    }

    /// Takes `count` bytes of payload.
    mutating func advance(_ count: Int) {
        guard let frame else { preconditionFailure("no payload is due") }
        precondition(count <= frame.count - payloadCount)
        payloadCount += count
        taken += UInt64(count)
        if payloadCount == frame.count { self.frame = nil }
    }
}

/// What a frame is for.
public enum FrameKind: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    /// Bytes of a stream.
    case data = 1
    /// How many bytes a flow has in all.
    case end
    /// Both directions of a stream end at once.
    case reset
    /// How far a stream, or the session, may go.
    case window
    /// The server has done with a stream.
    case done
    /// How far the client has a down lane.
    case kept
    /// Nothing.
    case pad
    /// The server takes no new streams.
    case drain
}

/// Why a stream was reset.
public enum ResetReason: UInt8, CaseIterable, Sendable {
    /// None of the others.
    case other = 0
    /// The connection beyond was reset.
    case connectionReset
    /// The connection beyond failed.
    case connectionFailed
    /// A timer ran out.
    case timedOut
    /// The user ended it.
    case ended
    /// The server drains.
    case draining
    /// It lived as long as it may.
    case lifetime
    /// A limit was reached.
    case limit
}

/// The header of a frame: 16 bytes on the lane, followed by `count` bytes of payload.
public struct Frame: Equatable, Sendable, BitwiseCopyable {
    /// Bytes of the header.
    public static var headerByteCount: Int { 16 }
    /// Bytes of payload that a frame may have.
    public static var payloadMax: Int { 65535 }
    /// Positions are below this.
    public static var positionLimit: UInt64 { 1 << 62 }

    /// What it is for.
    public let kind: FrameKind
    /// The reason of a reset, or the lane that was kept; else 0.
    public let code: UInt8
    /// Bytes of payload.
    public let count: Int
    /// The stream's number; 0 where there is none, or the session is meant.
    public let stream: UInt32
    /// An offset or a limit; else 0.
    public let position: UInt64

    init(
        _ kind: FrameKind,
        code: UInt8 = 0,
        count: Int = 0,
        stream: UInt32 = 0,
        position: UInt64 = 0
    ) {
        self.kind = kind
        self.code = code
        self.count = count
        self.stream = stream
        self.position = position
    }

    /// Reads the header, in which nothing may stand that its type doesn't have.
    init(decoding bytes: [16 of UInt8]) throws(Violation) {
        guard let kind = FrameKind(rawValue: bytes[0]) else { throw .malformedFrame }
        self.kind = kind
        code = bytes[1]
        count = Int(bytes[2]) << 8 | Int(bytes[3])
        var stream: UInt32 = 0
        for index in 4..<8 { stream = stream << 8 | UInt32(bytes[index]) }
        self.stream = stream
        var position: UInt64 = 0
        for index in 8..<16 { position = position << 8 | UInt64(bytes[index]) }
        self.position = position
        guard isWellFormed else { throw .malformedFrame }
    }

    /// The header as it stands on the lane.
    public var encoded: [16 of UInt8] {
        var bytes = [16 of UInt8](repeating: 0)
        bytes[0] = kind.rawValue
        bytes[1] = code
        bytes[2] = UInt8(truncatingIfNeeded: count >> 8)
        bytes[3] = UInt8(truncatingIfNeeded: count)
        for index in 0..<4 {
            bytes[4 + index] = UInt8(truncatingIfNeeded: stream >> UInt32(24 - index * 8))
        }
        for index in 0..<8 {
            bytes[8 + index] = UInt8(truncatingIfNeeded: position >> UInt64(56 - index * 8))
        }
        return bytes
    }

    private var isWellFormed: Bool {
        guard position < Self.positionLimit else { return false }
        let isOfStream = StreamNumber(rawValue: stream) != nil
        switch kind {
        case .data:
            let end = position + UInt64(count)
            return code == 0 && count > 0 && isOfStream && end < Self.positionLimit
        case .end: return code == 0 && count == 0 && isOfStream
        case .reset: return count == 0 && isOfStream && position == 0
        case .window: return code == 0 && count == 0 && (stream == 0 || isOfStream)
        case .done: return code == 0 && count == 0 && isOfStream && position == 0
        case .kept: return count == 0 && stream == 0
        case .pad: return code == 0 && stream == 0 && position == 0
        case .drain: return code == 0 && count == 0 && stream == 0 && position == 0
        }
    }
}

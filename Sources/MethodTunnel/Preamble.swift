public import Internet

/// What came of a request.
public enum AnswerResult: UInt8, CaseIterable, Sendable {
    /// It was done.
    case done
    /// The session is unknown, has ended, or is another user's.
    case noSession
    /// `send` begins behind what the server has.
    case gap
    /// `poll` or `flow` begins before what the server keeps.
    case stale
    /// Not now.
    case busy
    /// The stream is older than the last one of its slot, or has ended.
    case gone
    /// `open`: as CONNECT would be.
    case refused
    /// As many sessions as this user may have.
    case limit
    /// The version isn't spoken.
    case version
    /// The client broke the format.
    case violation
    /// The server takes nothing new.
    case draining

    /// The status of an answer with this result.
    public var status: UInt16 {
        switch self {
        case .done, .refused: 200
        case .version, .violation: 400
        case .noSession: 404
        case .gap, .stale: 409
        case .gone: 410
        case .limit: 429
        case .busy, .draining: 503
        }
    }
}

/// The first bytes of each answer's body, by which a client knows that it is the server's own, and
/// for which request.
public struct Preamble: Equatable, Sendable {
    /// Bytes of a preamble.
    public static var byteCount: Int { 24 }
    /// The version of the format.
    public static var version: UInt8 { 1 }
    private static var magic: String { "CVMT" }

    /// What came of the request.
    public var result: AnswerResult
    /// The status of a refused `open`; else 0.
    public var refusedStatus: UInt16
    /// The serial of the request.
    public var serial: UInt64
    /// What the result says besides.
    public var value: UInt64

    /// The preamble of these parts.
    public init(
        _ result: AnswerResult,
        serial: UInt64,
        value: UInt64 = 0,
        refusedStatus: UInt16 = 0
    ) {
        self.result = result
        self.serial = serial
        self.value = value
        self.refusedStatus = refusedStatus
    }

    /// Reads the first 24 of `bytes`; nil if they are fewer, or no preamble.
    public init?(decoding bytes: Span<UInt8>) {
        guard bytes.count >= Self.byteCount else { return nil }
        let magic = Self.magic.utf8.span
        for index in magic.indices where bytes[index] != magic[index] { return nil }
        guard bytes[4] == Self.version, let result = AnswerResult(rawValue: bytes[5])
        else { return nil }
        self.init(
            result,
            serial: Digits.number(bytes, 8),
            value: Digits.number(bytes, 16),
            refusedStatus: UInt16(bytes[6]) << 8 | UInt16(bytes[7])
        )
    }

    /// Writes the 24 bytes.
    public func write(to sink: inout some ByteSink) {
        sink.append(Self.magic)
        sink.append(Self.version)
        sink.append(result.rawValue)
        sink.append(UInt8(truncatingIfNeeded: refusedStatus >> 8))
        sink.append(UInt8(truncatingIfNeeded: refusedStatus))
        Digits.write(bytes: serial, to: &sink)
        Digits.write(bytes: value, to: &sink)
    }
}

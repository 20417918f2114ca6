/// How the end of a message's body is known (RFC 9112 section 6.3).
public enum BodyFraming: Equatable, Sendable {
    /// By its length, which may be 0.
    case length(UInt64)
    /// By the last chunk.
    case chunked
    /// By the end of the connection; responses only.
    case untilClose
}

/// What the fields of a message say of its framing and its connection, and what they must satisfy.
///
/// Whatever two recipients might read in two ways is refused: a length that is repeated, listed,
/// signed or empty, another coding than chunked, both at once, or chunks in HTTP/1.0.
struct MessageFields: Sendable {
    private var count = 0
    private var length: UInt64?
    private var isChunked = false
    private(set) var hasHost = false
    private(set) var closes = false
    private(set) var keepsAlive = false
    private(set) var expectsContinue = false
    /// Whether the content is coded, so that its bytes aren't those that were sent.
    private(set) var isCoded = false
    private(set) var authorization: Range<Int>?
    private(set) var session: Range<Int>?

    /// Judges one field line, which is free of control characters but for tabs.
    mutating func read(
        _ bytes: Span<UInt8>,
        _ line: Range<Int>,
        countMax: Int
    ) throws(Refusal) {
        count += 1
        guard count <= countMax else { throw .tooManyFields }
        let field = try FieldLine(bytes, line)
        if field.isNamed(bytes, "content-length") {
            guard length == nil, let value = Self.length(bytes, field.value)
            else { throw .bodyLength }
            length = value
        } else if field.isNamed(bytes, "transfer-encoding") {
            guard field.hasValue(bytes, "chunked") else {
                throw field.ends(bytes, "chunked") ? .bodyCoding : .lastCoding
            }
            guard !isChunked else { throw .lastCoding }
            isChunked = true
        } else if field.isNamed(bytes, "host") {
            guard !hasHost else { throw .repeatedHost }
            guard FieldLine.isHost(bytes, field.value) else { throw .malformedHost }
            hasHost = true
        } else if field.isNamed(bytes, "connection") {
            if field.lists(bytes, "close") { closes = true }
            if field.lists(bytes, "keep-alive") { keepsAlive = true }
        } else if field.isNamed(bytes, "expect") {
            expectsContinue = field.hasValue(bytes, "100-continue")
        } else if field.isNamed(bytes, "content-encoding") {
            if !field.hasValue(bytes, "identity") { isCoded = true }
        } else if field.isNamed(bytes, "authorization") {
            guard authorization == nil else { throw .repeatedField }
            authorization = field.value
        } else if field.isNamed(bytes, "tunnel-session") {
            guard session == nil else { throw .repeatedField }
            session = field.value
        }
    }

    /// The framing that the fields announce; none if they announce none.
    func framing(minorVersion: UInt8) throws(Refusal) -> BodyFraming? {
        guard isChunked else { return length.map(BodyFraming.length) }
        guard length == nil, minorVersion > 0 else { throw .bodyFraming }
        return .chunked
    }

    /// Whether the connection goes on behind the message.
    func persists(minorVersion: UInt8) -> Bool {
        !closes && (minorVersion > 0 || keepsAlive)
    }

    /// Reads digits and nothing else, below 2^63.
    private static func length(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard !range.isEmpty else { return nil }
        var value: UInt64 = 0
        for index in range {
            guard Octet.isDigit(bytes[index]), value < UInt64.max / 20 else { return nil }
            value = value * 10 + UInt64(bytes[index] - UInt8(ascii: "0"))
        }
        return value
    }
}

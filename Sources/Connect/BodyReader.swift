/// Reads the body of a message out of bytes that arrive in pieces (RFC 9112 sections 6 and 7).
///
/// Strict: lines end in CR LF, sizes are hexadecimal digits, and what a body may have besides its
/// content (chunk extensions, trailers) is bounded and passed over.
public struct BodyReader: Sendable {
    /// What the next bytes are.
    public enum Piece: Equatable, Sendable {
        /// There are none.
        case none
        /// Content.
        case content(Range<Int>)
        /// The body has ended; what follows belongs to the next message.
        case end
    }

    private enum Stage: UInt8 {
        case content, untilClose, size, sizeEnd, extensions, chunk, chunkEnd, trailer, end
    }

    /// Bytes of extensions and trailers that a body may have.
    public static var extraMax: Int { 4096 }
    private static var sizeDigitsMax: UInt8 { 16 }

    private var stage: Stage
    private let limit: UInt64
    /// Bytes of content so far.
    public private(set) var contentByteCount: UInt64 = 0
    private var left: UInt64 = 0
    private var digits: UInt8 = 0
    private var extra = 0
    /// A CR has come, so that a LF must follow.
    private var awaitsLineFeed = false
    /// Whether the line of the trailer has nothing yet.
    private var isLineEmpty = true
    /// Whether the line of the trailer has had its name, and the colon behind it.
    private var isNamed = false

    /// A reader for a body of `framing` with at most `limit` bytes of content.
    ///
    /// - Throws: `bodyTooLarge` if its length is known to be greater.
    public init(_ framing: BodyFraming, limit: UInt64 = .max) throws(Refusal) {
        self.limit = limit
        switch framing {
        case .length(let length):
            guard length <= limit else { throw .bodyTooLarge }
            left = length
            stage = length > 0 ? .content : .end
        case .chunked: stage = .size
        case .untilClose: stage = .untilClose
        }
    }

    /// Whether the body has ended.
    public var isAtEnd: Bool { stage == .end }

    /// Whether the body may end here because the connection does.
    public var mayEndByClose: Bool { stage == .untilClose || stage == .end }

    /// Reads on at `index` of `bytes`, and moves it behind what was read.
    public mutating func next(
        _ bytes: Span<UInt8>,
        _ index: inout Int
    ) throws(Refusal) -> Piece {
        while stage != .end {
            guard index < bytes.count else { return .none }
            switch stage {
            case .content, .chunk, .untilClose: return try content(bytes, &index)
            default:
                try readFraming(bytes[index])
                index += 1
            }
        }
        return .end
    }

    private mutating func content(
        _ bytes: Span<UInt8>,
        _ index: inout Int
    ) throws(Refusal) -> Piece {
        var count = bytes.count - index
        if stage == .untilClose {
            guard UInt64(count) <= limit - contentByteCount else { throw .bodyTooLarge }
        } else {
            count = Int(min(UInt64(count), left))
            left -= UInt64(count)
            if left == 0 { stage = stage == .content ? .end : .chunkEnd }
        }
        contentByteCount += UInt64(count)
        index += count
        return .content((index - count)..<index)
    }

    // MARK: Chunks

    private mutating func readFraming(_ byte: UInt8) throws(Refusal) {
        if awaitsLineFeed {
            guard byte == Octet.lineFeed else { throw .malformedChunk }
            awaitsLineFeed = false
            return try endLine()
        }
        if byte == Octet.carriageReturn {
            let mayEnd = stage == .size ? digits > 0 : stage != .sizeEnd
            guard mayEnd else { throw .malformedChunk }
            awaitsLineFeed = true
            return
        }
        switch stage {
        case .size: try readSize(byte)
        case .sizeEnd:
            guard byte == UInt8(ascii: ";") else {
                guard byte == Octet.space || byte == Octet.tab else { throw .malformedChunk }
                return try passOver(byte)
            }
            stage = .extensions
            try passOver(byte)
        case .extensions: try passOver(byte)
        case .trailer:
            // A name and a colon: a line that begins with a blank would continue the one before.
            if !isNamed {
                isNamed = byte == UInt8(ascii: ":") && !isLineEmpty
                guard isNamed || Octet.isToken(byte) else { throw .malformedChunk }
            }
            isLineEmpty = false
            try passOver(byte)
        case .chunkEnd, .content, .untilClose, .chunk, .end: throw .malformedChunk
        }
    }

    private mutating func readSize(_ byte: UInt8) throws(Refusal) {
        guard Octet.isHexadecimalDigit(byte) else {
            guard digits > 0 else { throw .malformedChunk }
            stage = .sizeEnd
            return try readFraming(byte)
        }
        guard digits < Self.sizeDigitsMax else { throw .malformedChunk }
        digits += 1
        let value = Octet.isDigit(byte) ? byte & 0xf : byte & 0xf + 9
        left = left << 4 | UInt64(value)
        guard left <= limit - contentByteCount else { throw .bodyTooLarge }
    }

    private mutating func passOver(_ byte: UInt8) throws(Refusal) {
        guard byte == Octet.tab || (byte >= Octet.space && byte != Octet.delete)
        else { throw .malformedChunk }
        extra += 1
        guard extra <= Self.extraMax else { throw .bodyTooLarge }
    }

    private mutating func endLine() throws(Refusal) {
        switch stage {
        case .size, .sizeEnd, .extensions:
            stage = left > 0 ? .chunk : .trailer
            digits = 0
            isLineEmpty = true
        case .chunkEnd: stage = .size
        case .trailer:
            guard isLineEmpty || isNamed else { throw .malformedChunk }
            if isLineEmpty { stage = .end }
            isLineEmpty = true
            isNamed = false
        case .content, .untilClose, .chunk, .end: preconditionFailure("no line ends here")
        }
    }
}

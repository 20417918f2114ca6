/// How large a request head may be.
public struct HeadLimits: Equatable, Sendable {
    /// The longest line, without its CR LF.
    public var lineBytesMax: Int
    /// The whole head, from the first byte to the empty line's end.
    public var headBytesMax: Int
    /// The most field lines.
    public var fieldsMax: Int

    /// The limits given, or their defaults.
    public init(lineBytesMax: Int = 8192, headBytesMax: Int = 16384, fieldsMax: Int = 100) {
        self.lineBytesMax = lineBytesMax
        self.headBytesMax = headBytesMax
        self.fieldsMax = fieldsMax
    }
}

/// A request head that may become a tunnel.
public struct ConnectHead: Equatable, Sendable {
    /// Whom the client asks for.
    public let authority: Authority
    /// Where the value of Proxy-Authorization stands in the head, if it has one.
    public let credentials: Range<Int>?
    /// How many bytes the head has; what follows belongs to the tunnel.
    public let byteCount: Int
    /// The digit after `HTTP/1.`.
    public let minorVersion: UInt8
}

/// What the bytes so far amount to.
public enum HeadOutcome: Equatable, Sendable {
    /// A valid beginning; more bytes are needed.
    case incomplete
    /// A whole valid head.
    case complete(ConnectHead)
    /// A head to be answered with a refusal, whatever follows.
    case refused(Refusal)
}

/// Reads one CONNECT head out of bytes that arrive in pieces.
///
/// The parser remembers how far it has come, so each byte is looked at once, however small the
/// pieces. Every outcome depends on the bytes alone, not on how they were split: a fault is
/// reported at the first byte that proves it.
public struct HeadParser: Sendable {
    private enum Stage: UInt8 {
        case requestLine, fields, complete
    }

    private var stage = Stage.requestLine
    private var refusal: Refusal?
    private var emptyLines: UInt8 = 0
    private var requestLine = RequestLine()
    private var fields = FieldRules()
    private var lines = LineScanner()

    /// A parser at the beginning of a connection.
    public init() {}

    /// Reads on.
    ///
    /// - Parameters:
    ///   - bytes: All bytes of the connection so far, those of earlier calls included.
    ///   - limits: How large the head may be; the same at every call.
    /// - Returns: What the bytes amount to; once complete or refused, the same ever after.
    public mutating func parse(
        _ bytes: Span<UInt8>,
        limits: HeadLimits = HeadLimits()
    ) -> HeadOutcome {
        precondition(bytes.count >= lines.scanned)
        if let refusal { return .refused(refusal) }
        do throws(Refusal) {
            return try read(bytes, limits)
        } catch {
            refusal = error
            return .refused(error)
        }
    }

    private mutating func read(
        _ bytes: Span<UInt8>,
        _ limits: HeadLimits
    ) throws(Refusal) -> HeadOutcome {
        while stage != .complete {
            guard let line = try lines.next(bytes, limits, isFirst: stage == .requestLine) else {
                return .incomplete
            }
            try read(line, bytes, limits)
        }
        guard let authority = Authority(parsing: bytes, in: requestLine.target)
        else { throw .malformedAuthority }
        return .complete(
            ConnectHead(
                authority: authority,
                credentials: fields.credentials,
                byteCount: lines.scanned,
                minorVersion: requestLine.minorVersion
            )
        )
    }

    private mutating func read(
        _ line: Range<Int>,
        _ bytes: Span<UInt8>,
        _ limits: HeadLimits
    ) throws(Refusal) {
        switch stage {
        case .requestLine where line.isEmpty:
            // RFC 9112 section 2.2: some clients end the request before with empty lines.
            emptyLines += 1
            guard emptyLines <= 2 else { throw .malformedRequestLine }
        case .requestLine:
            requestLine = try RequestLine(bytes, line)
            try requestLine.requireConnect(bytes)
            stage = .fields
        case .fields where line.isEmpty:
            try fields.finish(minorVersion: requestLine.minorVersion)
            stage = .complete
        case .fields:
            let target = requestLine.target
            try fields.read(bytes, line, target: target, countMax: limits.fieldsMax)
        case .complete:
            preconditionFailure("a line after the head")
        }
    }
}

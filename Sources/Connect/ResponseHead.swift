/// The head of a response to another request than CONNECT.
public struct ResponseHead: Equatable, Sendable {
    /// The status.
    public let status: UInt16
    /// How the end of the body is known.
    public let body: BodyFraming
    /// Whether the content is coded, so that its bytes aren't those that were sent.
    public let isCoded: Bool
    /// Whether another request may follow on the connection.
    public let persists: Bool
    /// How many bytes the head has.
    public let byteCount: Int
}

/// What the bytes so far amount to.
public enum ResponseOutcome: Equatable, Sendable {
    /// A valid beginning; more bytes are needed.
    case incomplete
    /// A whole valid head; one with a status below 200 is followed by another.
    case complete(ResponseHead)
    /// No response that can be understood in one way only.
    case malformed(Refusal)
}

/// Reads one head of a response out of bytes that arrive in pieces.
public struct ResponseHeadParser: Sendable {
    private var lines = LineScanner()
    private var fault: Refusal?
    private var status: UInt16?
    private var minorVersion: UInt8 = 0
    private var fields = MessageFields()
    private var isComplete = false
    private let isToConnect: Bool

    /// A parser at the beginning of a response.
    ///
    /// What a 2xx says of its body counts for nothing if it is the answer `toConnect`, which has
    /// none (RFC 9110 section 9.3.6).
    public init(toConnect: Bool = false) { isToConnect = toConnect }

    /// Reads on.
    ///
    /// - Parameters:
    ///   - bytes: All bytes of the response so far, those of earlier calls included.
    ///   - limits: How large the head may be; the same at every call.
    /// - Returns: What the bytes amount to; once complete or malformed, the same ever after.
    public mutating func parse(
        _ bytes: Span<UInt8>,
        limits: HeadLimits = HeadLimits()
    ) -> ResponseOutcome {
        if let fault { return .malformed(fault) }
        do throws(Refusal) {
            return try read(bytes, limits)
        } catch {
            fault = error
            return .malformed(error)
        }
    }

    private mutating func read(
        _ bytes: Span<UInt8>,
        _ limits: HeadLimits
    ) throws(Refusal) -> ResponseOutcome {
        while !isComplete {
            guard let line = try lines.next(bytes, limits, isFirst: status == nil) else {
                return .incomplete
            }
            guard status != nil else {
                try readStatusLine(bytes, line)
                continue
            }
            if line.isEmpty {
                if !isTunnel { _ = try fields.framing(minorVersion: minorVersion) }
                isComplete = true
            } else {
                try read(bytes, line, limits)
            }
        }
        guard let status else { preconditionFailure("a head without status line") }
        let body = try body(status)
        return .complete(
            ResponseHead(
                status: status,
                body: body,
                isCoded: fields.isCoded,
                persists: body != .untilClose && fields.persists(minorVersion: minorVersion),
                byteCount: lines.scanned
            )
        )
    }

    /// Whether bytes of a tunnel follow.
    private var isTunnel: Bool { isToConnect && (200...299).contains(status ?? 0) }

    private mutating func read(
        _ bytes: Span<UInt8>,
        _ line: Range<Int>,
        _ limits: HeadLimits
    ) throws(Refusal) {
        do throws(Refusal) {
            try fields.read(bytes, line, countMax: limits.fieldsMax)
        } catch {
            switch error {
            case .bodyLength, .bodyCoding, .lastCoding:
                if !isTunnel { throw error }
            default: throw error
            }
        }
    }

    /// RFC 9112 section 6.3: some have no body, whatever the fields say.
    private func body(_ status: UInt16) throws(Refusal) -> BodyFraming {
        if isTunnel { return .untilClose }
        let announced = try fields.framing(minorVersion: minorVersion)
        if status < 200 || status == 204 || status == 304 { return .length(0) }
        return announced ?? .untilClose
    }

    /// Reads `HTTP/1.x nnn phrase`; the phrase may be absent, and even the space before it.
    private mutating func readStatusLine(
        _ bytes: Span<UInt8>,
        _ line: Range<Int>
    ) throws(Refusal) {
        let start = line.lowerBound
        guard line.count >= 12 else { throw .malformedVersion }
        minorVersion = try RequestLine.minorVersion(bytes, start..<(start + 8))
        guard bytes[start + 8] == Octet.space,
            line.count == 12 || bytes[start + 12] == Octet.space
        else { throw .malformedRequestLine }
        var status: UInt16 = 0
        for index in (start + 9)..<(start + 12) {
            guard Octet.isDigit(bytes[index]) else { throw .malformedRequestLine }
            status = status * 10 + UInt16(bytes[index] - UInt8(ascii: "0"))
        }
        guard (100...599).contains(status) else { throw .malformedRequestLine }
        self.status = status
    }
}

/// The methods of the tunnel without CONNECT.
public enum RequestMethod: UInt8, CaseIterable, Sendable {
    /// GET.
    case get
    /// POST.
    case post
    /// PUT.
    case put
    /// DELETE.
    case delete

    /// The method as it stands in a request line.
    public var text: String {
        switch self {
        case .get: "GET"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        }
    }
}

/// The head of a request with another method than CONNECT, and maybe a body.
public struct RequestHead: Equatable, Sendable {
    /// The method.
    public let method: RequestMethod
    /// Where path and query stand in the head; empty if an absolute target has none.
    public let path: Range<Int>
    /// Where the value of Tunnel-Session stands, if it has one.
    public let session: Range<Int>?
    /// Where the value of Authorization stands, if it has one.
    public let authorization: Range<Int>?
    /// How the end of the body is known.
    public let body: BodyFraming
    /// Whether the client waits for `100 Continue` before it sends the body.
    public let expectsContinue: Bool
    /// Whether another request may follow on the connection.
    public let persists: Bool
    /// How many bytes the head has.
    public let byteCount: Int
    /// The digit after `HTTP/1.`.
    public let minorVersion: UInt8
}

/// What the bytes so far amount to.
public enum RequestOutcome: Equatable, Sendable {
    /// A valid beginning; more bytes are needed.
    case incomplete
    /// A whole valid head.
    case complete(RequestHead)
    /// A head to be answered with a refusal, whatever follows; the connection closes.
    case refused(Refusal)
}

/// Reads one head of a request out of bytes that arrive in pieces, as strictly as that of a
/// CONNECT.
///
/// Every outcome depends on the bytes alone, not on how they were split: a fault is reported at the
/// first byte that proves it.
public struct RequestHeadParser: Sendable {
    private var lines = LineScanner()
    private var refusal: Refusal?
    private var emptyLines = 0
    private var line: RequestLine?
    private var method = RequestMethod.get
    private var path = 0..<0
    private var fields = MessageFields()
    private var isComplete = false

    /// A parser at the beginning of a request.
    public init() {}

    /// Where path and query stand, once the request line has been read.
    public var pathSoFar: Range<Int>? { line == nil ? nil : path }

    /// Reads on.
    ///
    /// - Parameters:
    ///   - bytes: All bytes of the request so far, those of earlier calls included.
    ///   - limits: How large the head may be; the same at every call.
    /// - Returns: What the bytes amount to; once complete or refused, the same ever after.
    public mutating func parse(
        _ bytes: Span<UInt8>,
        limits: HeadLimits = HeadLimits()
    ) -> RequestOutcome {
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
    ) throws(Refusal) -> RequestOutcome {
        while !isComplete {
            guard let next = try lines.next(bytes, limits, isFirst: line == nil) else {
                return .incomplete
            }
            try read(next, bytes, limits)
        }
        guard let line else { preconditionFailure("a head without request line") }
        return .complete(
            RequestHead(
                method: method,
                path: path,
                session: fields.session,
                authorization: fields.authorization,
                body: try fields.framing(minorVersion: line.minorVersion) ?? .length(0),
                expectsContinue: fields.expectsContinue && line.minorVersion > 0,
                persists: fields.persists(minorVersion: line.minorVersion),
                byteCount: lines.scanned,
                minorVersion: line.minorVersion
            )
        )
    }

    private mutating func read(
        _ next: Range<Int>,
        _ bytes: Span<UInt8>,
        _ limits: HeadLimits
    ) throws(Refusal) {
        guard let line else {
            guard !next.isEmpty else {
                emptyLines += 1
                guard emptyLines <= 2 else { throw .malformedRequestLine }
                return
            }
            return try readRequestLine(bytes, next)
        }
        guard next.isEmpty else { return try fields.read(bytes, next, countMax: limits.fieldsMax) }
        guard fields.hasHost || line.minorVersion == 0 else { throw .missingHost }
        _ = try fields.framing(minorVersion: line.minorVersion)
        isComplete = true
    }

    private mutating func readRequestLine(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>
    ) throws(Refusal) {
        let line = try RequestLine(bytes, range)
        guard let method = line.method(bytes) else {
            throw line.refusal(ofMethod: bytes)
        }
        guard let path = Self.path(bytes, line.target) else { throw .malformedTarget }
        self.line = line
        self.method = method
        self.path = path
    }

    /// Path and query of a target in origin-form or absolute-form (RFC 9112 sections 3.2.1 and
    /// 3.2.2).
    private static func path(_ bytes: Span<UInt8>, _ target: Range<Int>) -> Range<Int>? {
        guard !target.isEmpty else { return nil }
        for index in target {
            guard bytes[index] > Octet.space, bytes[index] < Octet.delete,
                bytes[index] != UInt8(ascii: "#")
            else { return nil }
        }
        if bytes[target.lowerBound] == UInt8(ascii: "/") { return target }
        let scheme = "http://"
        let start = target.lowerBound + scheme.utf8.count
        guard start < target.upperBound,
            FieldLine.spells(bytes, target.lowerBound..<start, scheme)
        else { return nil }
        var end = start
        while end < target.upperBound, bytes[end] != UInt8(ascii: "/") { end += 1 }
        guard FieldLine.isHost(bytes, start..<end) else { return nil }
        return end..<target.upperBound
    }
}

public import Connect
public import Internet

/// The head of an answer that has a preamble.
///
/// Its fields are for those between: they keep caches and buffers away from what follows.
public struct AnswerHead: Equatable, Sendable {
    /// What came of the request.
    public var result: AnswerResult
    /// How the end of the body is known.
    public var body: BodyFraming
    /// Whether the connection is kept.
    public var persists: Bool
    /// The digit after `HTTP/1.` in the request.
    public var minorVersion: UInt8

    /// The head of these parts.
    public init(
        _ result: AnswerResult,
        body: BodyFraming,
        persists: Bool,
        minorVersion: UInt8
    ) {
        self.result = result
        self.body = body
        self.persists = persists
        self.minorVersion = minorVersion
    }

    /// Writes it, with the empty line; less than 512 bytes.
    public func write(to sink: inout some ByteSink) {
        sink.append("HTTP/1.1 ")
        sink.append(decimal: result.status)
        sink.append(" ")
        sink.append(Answer.phrase(result.status))
        sink.append("\r\nContent-Type: application/octet-stream\r\n")
        sink.append("Cache-Control: no-store, no-transform\r\nPragma: no-cache\r\nExpires: 0\r\n")
        sink.append("X-Accel-Buffering: no\r\n")
        switch body {
        case .length(let length):
            sink.append("Content-Length: ")
            sink.append(decimal: length)
            sink.append("\r\n")
        case .chunked: sink.append("Transfer-Encoding: chunked\r\n")
        case .untilClose: break
        }
        if !persists {
            sink.append("Connection: close\r\n")
        } else if minorVersion == 0 {
            sink.append("Connection: keep-alive\r\n")
        }
        sink.append("\r\n")
    }
}

public import Internet

/// The answers to a CONNECT, written from fixed text: no byte of a request is ever copied.
public enum Answer {
    /// Writes the answer after which the connection is a tunnel; it has no framing fields.
    public static func writeEstablished(to sink: inout some ByteSink) {
        sink.append("HTTP/1.1 200 Connection established\r\n\r\n")
    }

    /// Writes the whole answer that refuses a request and closes the connection.
    ///
    /// - Parameters:
    ///   - refusal: The reason.
    ///   - name: What this deployment is called in Proxy-Status; bytes after the 255th are left
    ///     out and those that aren't printable ASCII become `?`.
    ///   - isOrigin: Whether the request was for this server itself, not for a proxy: then it is
    ///     401 that asks for credentials, and there is no Proxy-Status.
    ///   - allowed: The methods that may be used, for Allow.
    ///   - sink: Where to; it is given less than 1024 bytes.
    public static func write(
        _ refusal: Refusal,
        name: String,
        isOrigin: Bool = false,
        allowed: String = "CONNECT",
        to sink: inout some ByteSink
    ) {
        let status = isOrigin && refusal.status == 407 ? 401 : refusal.status
        begin(status, to: &sink)
        if !isOrigin { write(statusOf: refusal, name, to: &sink) }
        sink.append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ")
        var counter = Counter()
        write(body: refusal, status, to: &counter)
        sink.append(decimal: counter.count)
        sink.append("\r\nCache-Control: no-store\r\nConnection: close\r\n")
        write(fieldsOf: status, name: name, allowed, to: &sink)
        if let seconds = refusal.retrySeconds {
            sink.append("Retry-After: ")
            sink.append(decimal: seconds)
            sink.append("\r\n")
        }
        sink.append("\r\n")
        if refusal != .headNotAllowed { write(body: refusal, status, to: &sink) }
    }

    /// Writes Proxy-Status (RFC 9209).
    private static func write(
        statusOf refusal: Refusal,
        _ name: String,
        to sink: inout some ByteSink
    ) {
        beginStatus(&sink)
        write(name: name, to: &sink)
        sink.append("; error=")
        sink.append(refusal.error.word)
        sink.append("; details=\"")
        sink.append(refusal.detail)
        sink.append("\"")
        guard let code = refusal.responseCode else { return }
        sink.append("; rcode=\"")
        sink.append(code)
        sink.append("\"")
    }

    /// Writes the whole answer that passes the refusal of another proxy on, and closes the
    /// connection.
    ///
    /// - Parameters:
    ///   - status: The status of that refusal.
    ///   - proxyStatus: The value of its Proxy-Status, printable ASCII; empty if it has none.
    ///   - name: What this deployment is called, as in the other answers.
    ///   - sink: Where to; it is given less than 2048 bytes.
    public static func write(
        passing status: UInt16,
        _ proxyStatus: Span<UInt8>,
        name: String,
        to sink: inout some ByteSink
    ) {
        begin(status, to: &sink)
        beginStatus(&sink)
        for index in proxyStatus.indices { sink.append(proxyStatus[index]) }
        if !proxyStatus.isEmpty { sink.append(", ") }
        write(name: name, to: &sink)
        sink.append("; received-status=")
        sink.append(decimal: status)
        sink.append("; details=\"the parent proxy refused\"")
        sink.append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ")
        let body: StaticString = " parent_refused: the parent proxy refused\n"
        sink.append(decimal: UInt(3 + body.utf8CodeUnitCount))
        sink.append("\r\nCache-Control: no-store\r\nConnection: close\r\n")
        sink.append("\r\n")
        sink.append(decimal: status)
        sink.append("\(body)")
    }

    /// Writes the whole answer that passes a refusal of another proxy on, as RFC 9209 has it: the
    /// one nearer to the target first.
    ///
    /// - Parameters:
    ///   - status: What the other proxy would have answered a CONNECT with.
    ///   - error: Its error type; one that is no word of RFC 9209's kind is left out.
    ///   - detail: A sentence for whoever reads it: a literal, printable ASCII, no quotes.
    ///   - origin: What the other proxy is called; nil if this one itself refuses.
    ///   - name: What this one is called.
    ///   - sink: Where to; it is given less than 1024 bytes where the names are tokens.
    public static func write(
        passedOn status: UInt16,
        error: Span<UInt8>,
        detail: String,
        from origin: String?,
        name: String,
        to sink: inout some ByteSink
    ) {
        begin(status, to: &sink)
        beginStatus(&sink)
        write(name: origin ?? name, to: &sink)
        if isErrorType(error) {
            sink.append("; error=")
            for index in error.indices { sink.append(error[index]) }
        }
        sink.append("; details=\"")
        sink.append(detail)
        sink.append("\"")
        if origin != nil {
            sink.append(", ")
            write(name: name, to: &sink)
        }
        sink.append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ")
        sink.append(decimal: UInt(detail.utf8.count + 1))
        sink.append("\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n")
        sink.append(detail)
        sink.append("\n")
    }

    /// Writes the status line without its end.
    private static func begin(_ status: UInt16, to sink: inout some ByteSink) {
        sink.append("HTTP/1.1 ")
        sink.append(decimal: status)
        sink.append(" ")
        sink.append(phrase(status))
    }

    /// Ends the line before, and begins the field that all refusals of a proxy have first.
    private static func beginStatus(_ sink: inout some ByteSink) {
        sink.append("\r\nProxy-Status: ")
    }

    /// Whether it is lower-case letters, digits and underscores, and not too long.
    public static func isErrorType(_ bytes: Span<UInt8>) -> Bool {
        guard (1...64).contains(bytes.count), Octet.isLetter(bytes[0]) else { return false }
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"):
                break
            default: return false
            }
        }
        return true
    }

    /// Writes what a status demands besides (RFC 9110 sections 10.2.1, 10.2.3 and 11.7.1).
    private static func write(
        fieldsOf status: UInt16,
        name: String,
        _ allowed: String,
        to sink: inout some ByteSink
    ) {
        switch status {
        case 405:
            sink.append("Allow: ")
            sink.append(allowed)
            sink.append("\r\n")
        case 401, 407:
            sink.append(status == 401 ? "WWW" : "Proxy")
            sink.append("-Authenticate: Basic realm=")
            write(quoted: name.utf8.prefix(64), to: &sink)
            sink.append(", charset=\"UTF-8\"\r\n")
        default: break
        }
    }

    private static func write(
        body refusal: Refusal,
        _ status: UInt16,
        to sink: inout some ByteSink
    ) {
        sink.append(decimal: status)
        sink.append(" ")
        sink.append(refusal.error.word)
        sink.append(": ")
        sink.append(refusal.detail)
        sink.append("\n")
    }

    /// Writes `name` as an RFC 8941 token if it is one, else as a string.
    private static func write(name: String, to sink: inout some ByteSink) {
        let bytes = name.utf8.prefix(255)
        if isToken(bytes) {
            for byte in bytes { sink.append(byte) }
            return
        }
        write(quoted: bytes, to: &sink)
    }

    private static func write(quoted bytes: Substring.UTF8View, to sink: inout some ByteSink) {
        sink.append("\"")
        for byte in bytes {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { sink.append("\\") }
            sink.append((0x20...0x7e).contains(byte) ? byte : UInt8(ascii: "?"))
        }
        sink.append("\"")
    }

    private static func isToken(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, Octet.isLetter(first) || first == UInt8(ascii: "*")
        else { return false }
        for byte in bytes
        where !Octet.isToken(byte) && byte != UInt8(ascii: ":") && byte != UInt8(ascii: "/") {
            return false
        }
        return true
    }

    /// The standard phrase of each status an answer has.
    public static func phrase(_ status: UInt16) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 407: "Proxy Authentication Required"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Refused"
        }
    }
}

/// Counts what would be written.
private struct Counter: ByteSink {
    var count: UInt = 0

    mutating func append(_: UInt8) { count += 1 }
}

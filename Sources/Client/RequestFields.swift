internal import Connect
internal import Internet
internal import MethodTunnel

/// The parts of request heads that never change, written once.
struct RequestFields: Sendable {
    /// What stands before the target's own part: nothing or `http://host:port`, then the path.
    private let base: [UInt8]
    /// The version, and the fields of every request.
    private let common: [UInt8]

    /// Bytes that a head may have at most.
    static var byteCountMax: Int { 6144 }

    init(_ settings: ClientConfiguration) {
        var base: [UInt8] = []
        if settings.proxy != nil { base.append("http://\(settings.server.hostField)") }
        base.append(settings.server.path)
        base.append("/")
        self.base = base
        var common: [UInt8] = []
        common.append(" HTTP/1.1\r\nHost: \(settings.server.hostField)\r\n")
        if !settings.proxyCredentials.isEmpty {
            common.append("Proxy-Authorization: ")
            common += BasicCredentials.encoded(settings.proxyCredentials)
            common.append("\r\n")
        }
        if !settings.credentials.isEmpty {
            common.append("Authorization: ")
            common += BasicCredentials.encoded(settings.credentials)
            common.append("\r\n")
        }
        common.append("Cache-Control: no-store, no-transform\r\nPragma: no-cache\r\n")
        common.append("Accept-Encoding: identity\r\n")
        self.common = common
    }

    /// Writes the head of a request.
    ///
    /// - Parameters:
    ///   - target: What is asked for.
    ///   - method: By which method.
    ///   - session: The session to name by the field Tunnel-Session, if the target names none.
    ///   - bodyByteCount: Bytes of the body that follows; nil if there is none.
    ///   - sink: Where to.
    func write(
        _ target: Target,
        method: String,
        session: SessionID,
        bodyByteCount: Int?,
        to sink: inout some ByteSink
    ) {
        sink.append(method)
        sink.append(" ")
        for byte in base { sink.append(byte) }
        target.write(to: &sink)
        for byte in common { sink.append(byte) }
        if target.session == .field {
            sink.append("Tunnel-Session: ")
            session.write(to: &sink)
            sink.append("\r\n")
        }
        if let bodyByteCount {
            if bodyByteCount > 0 { sink.append("Content-Type: application/octet-stream\r\n") }
            sink.append("Content-Length: ")
            sink.append(decimal: UInt(bodyByteCount))
            sink.append("\r\n")
        }
        sink.append("\r\n")
    }
}

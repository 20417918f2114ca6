/// An error type of RFC 9209 section 2.3: the word of Proxy-Status, journal and metrics.
///
/// Only the types a tunnel can meet; those about TLS and responses need a proxy that reads them.
public enum ProxyError: UInt8, CaseIterable, Sendable {
    /// The name servers did not answer in time.
    case dnsTimeout
    /// The name servers answered with an error.
    case dnsError
    /// The proxy does not know which target is meant.
    case destinationNotFound
    /// The proxy holds the target to be unavailable.
    case destinationUnavailable
    /// The rules refuse the address of the target.
    case destinationProhibited
    /// There is no route to the target.
    case destinationUnroutable
    /// The target refused the connection.
    case connectionRefused
    /// The target ended the connection before it could be used.
    case connectionTerminated
    /// The target did not accept the connection in time.
    case connectionTimeout
    /// The target sent nothing in time.
    case connectionReadTimeout
    /// The target took nothing in time.
    case connectionWriteTimeout
    /// The answer is not HTTP.
    case protocolError
    /// The answer did not come in time.
    case responseTimeout
    /// The answer broke off.
    case responseIncomplete
    /// The proxy has as many connections as it may.
    case connectionLimitReached
    /// The client sent a faulty request.
    case requestError
    /// The rules refuse the request.
    case requestDenied
    /// The proxy itself failed.
    case internalError
    /// The proxy is set up wrongly.
    case configurationError
    /// The target is the proxy itself.
    case loopDetected

    /// The registered word, a literal.
    public var word: String {
        switch self {
        case .dnsTimeout: "dns_timeout"
        case .dnsError: "dns_error"
        case .destinationNotFound: "destination_not_found"
        case .destinationUnavailable: "destination_unavailable"
        case .destinationProhibited: "destination_ip_prohibited"
        case .destinationUnroutable: "destination_ip_unroutable"
        case .connectionRefused: "connection_refused"
        case .connectionTerminated: "connection_terminated"
        case .connectionTimeout: "connection_timeout"
        case .connectionReadTimeout: "connection_read_timeout"
        case .connectionWriteTimeout: "connection_write_timeout"
        case .protocolError: "http_protocol_error"
        case .responseTimeout: "http_response_timeout"
        case .responseIncomplete: "http_response_incomplete"
        case .connectionLimitReached: "connection_limit_reached"
        case .requestError: "http_request_error"
        case .requestDenied: "http_request_denied"
        case .internalError: "proxy_internal_error"
        case .configurationError: "proxy_configuration_error"
        case .loopDetected: "proxy_loop_detected"
        }
    }

    /// The status RFC 9209 recommends; for `requestError`, whose status is any fitting 4xx, 400.
    public var recommendedStatus: UInt16 {
        switch self {
        case .dnsError, .destinationProhibited, .destinationUnroutable, .connectionRefused,
            .connectionTerminated, .loopDetected, .protocolError, .responseIncomplete:
            502
        case .dnsTimeout, .connectionTimeout, .connectionReadTimeout, .connectionWriteTimeout,
            .responseTimeout:
            504
        case .destinationUnavailable, .connectionLimitReached: 503
        case .destinationNotFound, .internalError, .configurationError: 500
        case .requestError: 400
        case .requestDenied: 403
        }
    }
}

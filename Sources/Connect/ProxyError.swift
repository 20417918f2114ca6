/// An error type of RFC 9209 section 2.3: the word of Proxy-Status, journal and metrics.
///
/// Only the types a tunnel can meet; those about TLS and responses need a proxy that reads them.
public enum ProxyError: UInt8, CaseIterable, Sendable {
    case dnsTimeout
    case dnsError
    case destinationNotFound
    case destinationUnavailable
    case destinationProhibited
    case destinationUnroutable
    case connectionRefused
    case connectionTerminated
    case connectionTimeout
    case connectionReadTimeout
    case connectionWriteTimeout
    case connectionLimitReached
    case requestError
    case requestDenied
    case internalError
    case configurationError
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
            .connectionTerminated, .loopDetected:
            502
        case .dnsTimeout, .connectionTimeout, .connectionReadTimeout, .connectionWriteTimeout:
            504
        case .destinationUnavailable, .connectionLimitReached: 503
        case .destinationNotFound, .internalError, .configurationError: 500
        case .requestError: 400
        case .requestDenied: 403
        }
    }
}

/// Every reason a CONNECT is refused, in the order a tunnel's life can meet them.
public enum Refusal: UInt8, Error, CaseIterable, Sendable {
    // The head, as it arrives.
    case notPlainHTTP
    case malformedLineEnd
    case controlCharacter
    case headTooLarge
    case requestLineTooLong
    case fieldLineTooLong
    case tooManyFields

    // The request line.
    case malformedRequestLine
    case malformedVersion
    case unsupportedVersion
    case methodNotAllowed
    case methodUnknown
    case malformedAuthority

    // The fields.
    case foldedField
    case spaceBeforeColon
    case malformedField
    case missingHost
    case repeatedHost
    case malformedHost
    case transferEncoding
    case contentLength

    // The time, the rules, the way.
    case headTimeout
    case portNotAllowed
    case addressProhibited
    case ownListener
    case nameNotFound
    case noAddresses
    case nameServerFailure
    case resolveTimeout
    case connectionRefused
    case connectTimeout
    case unroutable
    case connectReset

    // What this proxy has.
    case noSourcePort
    case tunnelLimit
    case clientLimit
    case outOfDescriptors
    case draining
    case internalError

    /// The status of the answer.
    public var status: UInt16 {
        switch self {
        case .headTimeout: 408
        case .methodNotAllowed: 405
        case .requestLineTooLong: 414
        case .headTooLarge, .fieldLineTooLong, .tooManyFields: 431
        case .methodUnknown: 501
        case .unsupportedVersion: 505
        default: error.recommendedStatus
        }
    }

    /// The RFC 9209 error type, which is also the journal's reason.
    public var error: ProxyError {
        switch self {
        case .notPlainHTTP, .malformedLineEnd, .controlCharacter, .headTooLarge,
            .requestLineTooLong, .fieldLineTooLong, .tooManyFields, .malformedRequestLine,
            .malformedVersion, .unsupportedVersion, .methodNotAllowed, .methodUnknown,
            .malformedAuthority, .foldedField, .spaceBeforeColon, .malformedField, .missingHost,
            .repeatedHost, .malformedHost, .transferEncoding, .contentLength, .headTimeout:
            .requestError
        case .portNotAllowed: .requestDenied
        case .addressProhibited: .destinationProhibited
        case .ownListener: .loopDetected
        case .nameNotFound, .noAddresses, .nameServerFailure: .dnsError
        case .resolveTimeout: .dnsTimeout
        case .connectionRefused: .connectionRefused
        case .connectTimeout: .connectionTimeout
        case .unroutable: .destinationUnroutable
        case .connectReset: .connectionTerminated
        case .noSourcePort, .tunnelLimit, .clientLimit, .outOfDescriptors, .draining:
            .connectionLimitReached
        case .internalError: .internalError
        }
    }

    /// The DNS response code, where the name servers gave one.
    public var responseCode: String? {
        switch self {
        case .nameNotFound: "NXDOMAIN"
        case .noAddresses: "NOERROR"
        case .nameServerFailure: "SERVFAIL"
        default: nil
        }
    }
}

/// Every reason a request is refused, in the order a tunnel's life can meet them.
public enum Refusal: UInt8, Error, CaseIterable, Sendable {
    // The head, as it arrives.
    /// The first byte is that of TLS, SOCKS or other binary.
    case notPlainHTTP
    /// A CR or LF stands alone.
    case malformedLineEnd
    /// A control character other than a tab.
    case controlCharacter
    /// More bytes than a head may have.
    case headTooLarge
    /// More bytes than a request line may have.
    case requestLineTooLong
    /// More bytes than a field line may have.
    case fieldLineTooLong
    /// More field lines than a head may have.
    case tooManyFields

    // The request line.
    /// Not `method target version` with single spaces, or too many empty lines.
    case malformedRequestLine
    /// Not `HTTP/` digit `.` digit.
    case malformedVersion
    /// Another HTTP than 1.x.
    case unsupportedVersion
    /// A method everyone knows, but not CONNECT.
    case methodNotAllowed
    /// HEAD: the same, but its answer has no content (RFC 9110 section 9.3.2).
    case headNotAllowed
    /// A method nobody here knows.
    case methodUnknown
    /// The target is no `host:port`.
    case malformedAuthority

    // The fields.
    /// A field line begins with a space or tab.
    case foldedField
    /// A space or tab follows a field name.
    case spaceBeforeColon
    /// A field line without name or colon.
    case malformedField
    /// HTTP/1.1 without Host.
    case missingHost
    /// A second Host.
    case repeatedHost
    /// A Host that is no host and port.
    case malformedHost
    /// A body is announced by Transfer-Encoding.
    case transferEncoding
    /// A body is announced by Content-Length, or the field is repeated or malformed.
    case contentLength
    /// A second Proxy-Authorization.
    case repeatedCredentials
    /// A field that may stand once stands twice.
    case repeatedField

    // The target and the body of another request than CONNECT.
    /// The target is no path, nor a URL of plain HTTP.
    case malformedTarget
    /// The path, or the body, is none of the tunnel without CONNECT.
    case malformedTunnelRequest
    /// Another method than POST and the one that belongs to the path.
    case wrongTunnelMethod
    /// A Content-Length that is repeated, or not a number.
    case bodyLength
    /// Codings besides chunked.
    case bodyCoding
    /// A Transfer-Encoding that doesn't end in chunked, or more than once (RFC 9112 section 6.3).
    case lastCoding
    /// Both a length and chunks, or chunks in HTTP/1.0.
    case bodyFraming
    /// A chunk, or what follows the last one, is malformed.
    case malformedChunk
    /// More bytes than a body may have.
    case bodyTooLarge

    // The time, the rules, the way.
    /// The head did not end in time.
    case headTimeout
    /// The body did not end in time.
    case bodyTimeout
    /// No credentials, or none of the scheme Basic.
    case credentialsMissing
    /// No such user, or another password.
    case credentialsWrong
    /// Too many wrong credentials came from this client of late.
    case tooManyFailures
    /// The credentials could not be checked in time.
    case credentialsUnchecked
    /// The rules refuse the port.
    case portNotAllowed
    /// A rule denies the target.
    case ruleDenied
    /// There are rules, and none of them allows the target.
    case noRuleAllows
    /// A rule denies the address of the target.
    case addressDenied
    /// The rules refuse every address of the target.
    case addressProhibited
    /// The address is none of a host, whatever may be dialled.
    case addressOfNoHost
    /// The target is a listener of this proxy.
    case ownListener
    /// The name does not exist.
    case nameNotFound
    /// The name has no address.
    case noAddresses
    /// The name servers failed or refused, or could not be asked.
    case nameServerFailure
    /// The name servers did not answer in time.
    case resolveTimeout
    /// The target refused the connection.
    case connectionRefused
    /// The target did not answer in time.
    case connectTimeout
    /// There is no route to the target.
    case unroutable
    /// The target reset the connection while it was being opened.
    case connectReset

    /// The rule has no source address of the target's family.
    case noSource

    // The parent proxy.
    /// The name of the parent proxy has no address, as far as it could be found out.
    case parentNotFound
    /// The name servers did not tell the parent proxy's address in time.
    case parentUnresolved
    /// The parent proxy refused the connection.
    case parentConnectionRefused
    /// The parent proxy took no connection in time.
    case parentConnectTimeout
    /// There is no route to the parent proxy, or it reset the connection.
    case parentUnreachable
    /// The request has been here before.
    case proxyLoop
    /// The parent proxy wants other credentials.
    case parentLogin
    /// The parent proxy's answer can't be understood.
    case parentMalformed
    /// The parent proxy ended before it had answered.
    case parentClosed
    /// The parent proxy refuses a stream: its own words are for those who read HTTP.
    case parentRefused
    /// The parent proxy did not answer in time.
    case parentTimeout
    /// There are new rules, by which the target is reached in another way.
    case rulesChanged

    // What this proxy has.
    /// No local port is left for the target.
    case noSourcePort
    /// As many tunnels as this proxy may have.
    case tunnelLimit
    /// As many tunnels as one client may have.
    case clientLimit
    /// As many tunnels as a rule lets pass at once.
    case ruleLimit
    /// As many tunnels as a rule lets pass at once for this user.
    case userLimit
    /// A rule lets no more tunnels pass for the moment.
    case tooFast
    /// The process may open no more descriptors.
    case outOfDescriptors
    /// This proxy finishes its tunnels and takes no new ones.
    case draining
    /// A fault of this proxy.
    case internalError

    /// The status of the answer.
    public var status: UInt16 {
        switch self {
        case .headTimeout, .bodyTimeout: 408
        case .credentialsMissing, .credentialsWrong: 407
        case .tooManyFailures, .userLimit, .tooFast: 429
        case .methodNotAllowed, .headNotAllowed, .wrongTunnelMethod: 405
        case .parentLogin, .parentRefused: 502
        case .requestLineTooLong: 414
        case .headTooLarge, .fieldLineTooLong, .tooManyFields: 431
        case .bodyTooLarge: 413
        case .methodUnknown, .bodyCoding: 501
        case .unsupportedVersion: 505
        default: error.recommendedStatus
        }
    }

    /// The RFC 9209 error type, which is also the journal's reason.
    public var error: ProxyError {
        switch self {
        case .notPlainHTTP, .malformedLineEnd, .controlCharacter, .headTooLarge,
            .requestLineTooLong, .fieldLineTooLong, .tooManyFields, .malformedRequestLine,
            .malformedVersion, .unsupportedVersion, .methodNotAllowed, .headNotAllowed,
            .methodUnknown, .malformedAuthority, .foldedField, .spaceBeforeColon, .malformedField,
            .missingHost, .repeatedHost, .malformedHost, .transferEncoding, .contentLength,
            .repeatedCredentials, .repeatedField, .malformedTarget, .malformedTunnelRequest,
            .wrongTunnelMethod, .bodyLength, .bodyCoding, .lastCoding,
            .bodyFraming, .malformedChunk, .bodyTooLarge, .headTimeout, .bodyTimeout:
            .requestError
        case .credentialsMissing, .credentialsWrong, .tooManyFailures, .portNotAllowed, .ruleDenied,
            .noRuleAllows, .addressDenied, .tooFast:
            .requestDenied
        case .addressProhibited, .addressOfNoHost: .destinationProhibited
        case .ownListener, .proxyLoop: .loopDetected
        case .parentLogin: .configurationError
        case .parentMalformed: .protocolError
        case .parentClosed: .responseIncomplete
        case .parentTimeout: .responseTimeout
        case .rulesChanged, .parentRefused, .parentUnreachable: .destinationUnavailable
        case .nameNotFound, .noAddresses, .nameServerFailure, .parentNotFound: .dnsError
        case .resolveTimeout, .parentUnresolved: .dnsTimeout
        case .connectionRefused, .parentConnectionRefused: .connectionRefused
        case .connectTimeout, .parentConnectTimeout: .connectionTimeout
        case .unroutable, .noSource: .destinationUnroutable
        case .connectReset: .connectionTerminated
        case .credentialsUnchecked, .noSourcePort, .tunnelLimit, .clientLimit, .ruleLimit,
            .userLimit, .outOfDescriptors, .draining:
            .connectionLimitReached
        case .internalError: .internalError
        }
    }

    /// Whether it is a limit of a rule.
    public var isByLimit: Bool {
        switch self {
        case .ruleLimit, .userLimit, .tooFast: true
        default: false
        }
    }

    /// Seconds after which trying again makes sense, where there is such a time.
    public var retrySeconds: UInt? {
        switch self {
        case .tooManyFailures: 60
        case .tooFast: 1
        default: nil
        }
    }

    /// The DNS response code, where the name servers gave one.
    public var responseCode: String? {
        switch self {
        case .nameNotFound: "NXDOMAIN"
        case .noAddresses: "NOERROR"
        // Whether they said SERVFAIL or REFUSED, or nothing, c-ares doesn't tell.
        default: nil
        }
    }

    /// What it is where the parent proxy was looked for in place of the target.
    public var ofParent: Refusal {
        switch self {
        case .nameNotFound, .noAddresses, .nameServerFailure: .parentNotFound
        case .resolveTimeout: .parentUnresolved
        case .connectionRefused: .parentConnectionRefused
        case .connectTimeout: .parentConnectTimeout
        case .unroutable, .connectReset: .parentUnreachable
        default: self
        }
    }
}

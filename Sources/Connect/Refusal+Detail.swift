extension Refusal {
    /// One plain sentence for whoever reads the answer: a literal, printable ASCII, no quotes.
    public var detail: String {
        switch self {
        case .notPlainHTTP, .malformedLineEnd, .controlCharacter, .headTooLarge,
            .requestLineTooLong, .fieldLineTooLong, .tooManyFields, .malformedRequestLine,
            .malformedVersion, .unsupportedVersion, .methodNotAllowed, .headNotAllowed,
            .methodUnknown, .malformedAuthority, .foldedField, .spaceBeforeColon, .malformedField,
            .missingHost, .repeatedHost, .malformedHost, .transferEncoding, .contentLength,
            .repeatedCredentials:
            headDetail
        case .repeatedField: "a field is sent twice that may be sent once"
        case .malformedTarget: "the target must be a path, or a URL that begins with http://"
        case .malformedTunnelRequest: "this is no request of the tunnel; see docs/method-tunnel.md"
        case .wrongTunnelMethod: "use POST, or the method that docs/method-tunnel.md names"
        case .bodyLength: "send one Content-Length, a plain number"
        case .bodyCoding: "only Transfer-Encoding: chunked is understood"
        case .lastCoding: "chunked must be the last transfer coding, and once"
        case .bodyFraming: "send either Content-Length or, in HTTP/1.1, chunks"
        case .malformedChunk: "a chunk of the body is malformed"
        case .bodyTooLarge: "the body is too large; send smaller ones"
        case .headTimeout: "the request head did not arrive in time"
        case .bodyTimeout: "the request body did not arrive in time"
        case .credentialsMissing: "this proxy wants a user and a password"
        case .credentialsWrong: "there is no such user, or the password is wrong"
        case .tooManyFailures: "too many wrong passwords came from this client; try again later"
        case .credentialsUnchecked: "the password could not be checked in time; try again later"
        case .portNotAllowed: "this port is not allowed; ask the operator to allow it"
        case .ruleDenied: "a rule of this proxy denies the target"
        case .noRuleAllows: "no rule of this proxy allows the target; ask the operator"
        case .addressDenied: "a rule of this proxy denies the address of the target"
        case .addressProhibited: "the target is not a public address; the operator can allow it"
        case .addressOfNoHost: "the target's address is none of a host that can be dialled"
        case .ownListener: "the target is this proxy itself; name another one"
        case .nameNotFound: "the name does not exist; check its spelling"
        case .noAddresses: "the name has no address"
        case .nameServerFailure: "the name servers failed; try again later"
        case .resolveTimeout: "the name servers did not answer in time; try again later"
        case .connectionRefused: "the target refused the connection; check the port"
        case .connectTimeout: "the target did not answer in time"
        case .unroutable: "there is no route to the target"
        case .connectReset: "the target reset the connection while it was being opened"
        case .noSource: "there is no source address for the target; the operator can add one"
        case .proxyLoop: "the request has been here before; proxies forward it to each other"
        case .parentNotFound, .parentUnresolved, .parentConnectionRefused, .parentConnectTimeout,
            .parentUnreachable, .parentLogin, .parentMalformed, .parentClosed, .parentRefused,
            .parentTimeout:
            parentDetail
        case .rulesChanged: "the rules of this proxy have changed meanwhile; try again"
        case .noSourcePort: "no source port is left for this target; try again later"
        case .tunnelLimit: "this proxy has no free tunnel; try again later"
        case .clientLimit: "this client has too many tunnels; close some first"
        case .ruleLimit: "as many tunnels are open as may be; try again later"
        case .userLimit: "this user has too many tunnels; close some first"
        case .tooFast: "too many tunnels were opened of late; try again later"
        case .outOfDescriptors: "this proxy is out of descriptors; try again later"
        case .draining: "this proxy is shutting down; try again"
        case .internalError: "a fault of this proxy; tell the operator"
        }
    }

    private var parentDetail: String {
        switch self {
        case .parentNotFound: "the parent proxy has no address; tell the operator"
        case .parentUnresolved:
            "the name servers did not tell the parent proxy in time; try again later"
        case .parentConnectionRefused:
            "the parent proxy refused the connection; tell the operator"
        case .parentConnectTimeout:
            "the parent proxy took no connection in time; tell the operator"
        case .parentUnreachable: "the parent proxy can't be reached; tell the operator"
        case .parentLogin: "the parent proxy wants other credentials; tell the operator"
        case .parentMalformed:
            "the parent proxy answered by no HTTP, or by more than 8 KiB; tell the operator"
        case .parentClosed: "the parent proxy ended before it had answered"
        case .parentRefused: "the parent proxy refused"
        case .parentTimeout: "the parent proxy did not answer in time"
        default: "the parent proxy failed"
        }
    }

    private var headDetail: String {
        switch self {
        case .notPlainHTTP: "this port speaks plain HTTP CONNECT"
        case .malformedLineEnd: "end every line with CR LF"
        case .controlCharacter: "remove the control character from the head"
        case .headTooLarge: "the head is too large; send fewer or shorter fields"
        case .requestLineTooLong: "the request line is too long"
        case .fieldLineTooLong: "a field line is too long"
        case .tooManyFields: "too many fields; send fewer"
        case .malformedRequestLine: "send: CONNECT host:port HTTP/1.1"
        case .malformedVersion: "the version is malformed; send HTTP/1.1"
        case .unsupportedVersion: "only HTTP/1.1 and HTTP/1.0 are spoken here"
        case .methodNotAllowed: "only CONNECT is allowed; for https URLs a client sends it"
        case .headNotAllowed: "only CONNECT is allowed, not HEAD; for https URLs a client sends it"
        case .methodUnknown: "this method is unknown; send CONNECT"
        case .malformedAuthority: "the target must be host:port, IPv6 as [address]:port"
        case .foldedField: "a field line begins with a space; send it on one line"
        case .spaceBeforeColon: "remove the space between field name and colon"
        case .malformedField: "a field line is malformed; send name: value"
        case .missingHost: "send one Host field"
        case .repeatedHost: "send only one Host field"
        case .malformedHost: "the Host field is malformed; send host:port"
        case .transferEncoding: "CONNECT has no body; remove Transfer-Encoding"
        case .contentLength: "CONNECT has no body; remove Content-Length"
        case .repeatedCredentials: "send only one Proxy-Authorization field"
        default: "malformed request"
        }
    }
}

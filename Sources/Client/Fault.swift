internal import Connect
internal import Kernel

/// Why a request failed: what is known of it, and what that means to an operator and to a program.
enum Fault: Error, Equatable {
    /// The name of the server or the proxy does not exist, or has no address.
    case nameNotFound
    /// The name servers failed, or did not answer in time.
    case nameServers
    /// No connection could be made, for this errno.
    case unreachable(Int32)
    /// No connection was made in time.
    case connectTimeout
    /// The connection ended before the answer did.
    case cut
    /// No answer came in time.
    case noAnswer
    /// What came is no answer of HTTP.
    case malformed
    /// An answer came that the server did not make.
    case foreign(status: UInt16)
    /// An answer came that belongs to another request: something on the way mixes them up.
    case mixedUp
    /// The server speaks another version of the format, up to this one.
    case version(UInt64)
    /// The user has as many sessions as may be.
    case limit
    /// The server shuts down, or is busy.
    case draining
    /// The server's answer breaks the format.
    case nonsense

    /// Whether the same attempt will hardly end better in a while, so that an operator must act.
    var needsOperator: Bool {
        switch self {
        case .nameNotFound, .unreachable, .version, .limit, .nonsense: true
        case .foreign(let status): status < 500 && status != 408 && status != 429 || status == 501
        case .nameServers, .connectTimeout, .cut, .noAnswer, .malformed, .mixedUp, .draining: false
        }
    }

    /// The status with which a program's CONNECT is answered.
    var status: UInt16 {
        switch self {
        case .connectTimeout, .noAnswer, .nameServers: 504
        case .limit, .draining: 503
        default: 502
        }
    }

    /// The error type of Proxy-Status.
    var error: ProxyError {
        switch self {
        case .nameNotFound: .dnsError
        case .nameServers: .dnsTimeout
        case .unreachable(Errno.connectionRefused): .connectionRefused
        case .unreachable: .destinationUnroutable
        case .connectTimeout: .connectionTimeout
        case .cut: .connectionTerminated
        case .noAnswer: .connectionReadTimeout
        case .foreign(401), .foreign(404), .foreign(407), .version: .configurationError
        case .malformed, .foreign, .mixedUp, .limit, .draining, .nonsense: .destinationUnavailable
        }
    }

    /// One plain sentence for whoever reads the answer to a program: a literal.
    var detail: String {
        switch self {
        case .nameNotFound: "the name of the tunnel's server does not exist"
        case .nameServers: "the name of the tunnel's server could not be resolved"
        case .unreachable: "the tunnel's server can't be reached"
        case .connectTimeout: "the tunnel's server did not accept the connection in time"
        case .cut: "the connection to the tunnel's server was cut"
        case .noAnswer: "the tunnel's server did not answer in time"
        case .foreign(401): "the tunnel's server wants other credentials; see the client's log"
        case .foreign(407): "the network's proxy wants other credentials; see the client's log"
        case .version: "the tunnel's server speaks another version; see the client's log"
        case .limit: "the tunnel's server takes no more sessions of this user"
        case .draining: "the tunnel's server is shutting down or busy; try again"
        case .malformed, .foreign, .mixedUp, .nonsense:
            "something else than the tunnel's server answers; see the client's log"
        }
    }

    /// What happened and what to do about it, for the operator.
    func text(_ settings: ClientConfiguration) -> String {
        let hop = settings.proxy.map { "the proxy \($0)" } ?? "the server \(settings.server)"
        let flag = settings.proxy == nil ? "--server" : "--via-proxy"
        switch self {
        case .nameNotFound:
            return "the name of \(hop) does not exist or has no address; check \(flag)"
        case .nameServers:
            return "the name of \(hop) could not be resolved in time; check the network, or name a "
                + "server by --name-server"
        case .unreachable(Errno.connectionRefused):
            return "\(hop) refuses connections; check that it runs, and the port in \(flag)"
        case .unreachable(let code):
            return "\(hop) can't be reached (\(SystemError("connect", code: code))); check the "
                + "network and \(flag)"
        case .connectTimeout:
            return "\(hop) does not answer; check the network and \(flag)"
        case .cut: return "\(hop) cut the connection before it had answered"
        case .noAnswer: return "\(hop) took a request and did not answer in time"
        case .malformed: return "\(hop) does not speak HTTP; check \(flag)"
        case .foreign(let status): return text(foreign: status, hop, settings)
        case .mixedUp:
            return "\(hop) gave the answer to another request; something on the way caches or "
                + "mixes up answers"
        case .version(let highest):
            return "\(settings.server) speaks version \(highest) of the tunnel, this client "
                + "version 1; use releases that fit together"
        case .limit:
            return "\(settings.server) allows this user no more sessions; end another client, or "
                + "raise the limit there"
        case .draining: return "\(settings.server) is shutting down or busy, and takes no session"
        case .nonsense:
            return "\(settings.server) gave an answer that breaks the format; check its version"
        }
    }

    private func text(
        foreign status: UInt16,
        _ hop: String,
        _ settings: ClientConfiguration
    ) -> String {
        let server = settings.server
        switch status {
        case 401 where settings.credentials.isEmpty:
            return "\(server) wants a user and a password (status 401); put USER:PASSWORD into a "
                + "file and name it by --credentials"
        case 401:
            return "\(server) does not accept the user or the password (status 401); check the "
                + "file of --credentials"
        case 407 where settings.proxyCredentials.isEmpty:
            return "\(hop) wants a user and a password (status 407); put USER:PASSWORD into a file "
                + "and name it by --via-proxy-credentials"
        case 407:
            return "\(hop) does not accept the user or the password (status 407); check the file "
                + "of --via-proxy-credentials"
        case 403: return "\(hop) forbids requests to \(server) (status 403)"
        case 404, 405, 501:
            return
                "there is no tunnel at \(server) (status \(status)); check the path in --server, "
                + "and --method-tunnel at the server"
        case 500...: return "\(hop) answers with status \(status); the server may be down"
        default:
            return "\(hop) answers with status \(status), but not as a tunnel's server does; "
                + "check --server"
        }
    }
}

public import Connect
public import Internet
internal import MethodTunnel
public import Proxy

/// All that the client of the tunnel without CONNECT obeys, in one value.
///
/// Each property says what it limits, in which unit, and why the default is what it is. It never
/// changes once the client has started.
public struct ClientConfiguration: Sendable {
    /// A port of this machine that leads to one place.
    public struct Forward: Equatable, Sendable {
        /// Where programs connect to.
        public let endpoint: Endpoint
        /// Where each connection is carried to.
        public let authority: Authority

        /// Connections to `endpoint` are carried to `authority`.
        public init(_ endpoint: Endpoint, to authority: Authority) {
            self.endpoint = endpoint
            self.authority = authority
        }
    }

    /// The server of the tunnel.
    public var server: ServerLocation
    /// User and password for the server, with a colon between; empty: none.
    public var credentials: [UInt8] = []
    /// The network's own proxy for HTTP; nil: the server is reached directly.
    public var proxy: Authority?
    /// User and password for the network's proxy, with a colon between; empty: none.
    public var proxyCredentials: [UInt8] = []
    /// Where CONNECT is offered (`listen`), how names are found, how sockets are, where the journal
    /// goes, and how long a drain may take; the rest is a matter of proxies.
    public var general = Configuration()
    /// Ports that lead to one place each.
    public var forwards: [Forward] = []

    /// The defaults, with the server at `server`.
    public init(_ server: ServerLocation) {
        self.server = server
        general.keepalive = 15_000_000_000
        general.userTimeout = 30_000_000_000
    }

    // MARK: Limits and times; times in nanoseconds

    /// Streams at once.
    package var streamsMax = 1024
    /// Bytes of each stream that are taken beyond those that the program has read.
    ///
    /// 40 MB/s on a path of 100 milliseconds.
    package var streamWindow: UInt32 = 1 << 22
    /// The same for all streams: enough for many that stand still, which then hold up nobody.
    package var sessionWindow: UInt32 = 1 << 28
    /// Bytes of each up lane that are kept until they have been acknowledged.
    package var laneCapacity: UInt32 = 1 << 20

    /// What the server is told of this client.
    var parameters: Parameters {
        var parameters = Parameters()
        parameters.streamWindow = streamWindow
        parameters.sessionWindow = sessionWindow
        parameters.laneCapacity = laneCapacity
        return parameters
    }

    /// Bytes that are gathered for one `send` of programs that have many, while another one is
    /// under way.
    static var gatherMax: Int { 1 << 18 }
    /// For gathering them: the one under way may be lost.
    static var gatherTime: UInt64 { 5_000_000 }

    /// Openings under way at once: a target that is slow to answer holds up no other.
    static var openingsMax: Int { 32 }
    /// Connections to the server or the network's proxy: for each lane one up and one down, and
    /// the openings.
    static var carriersMax: Int { 8 + openingsMax }
    /// For a program to send its CONNECT.
    static var headTimeout: UInt64 { 10_000_000_000 }
    /// For a stream to be opened, whatever fails on the way.
    static var openTimeout: UInt64 { 60_000_000_000 }
    /// For the TCP handshake with the server or the proxy.
    static var connectTimeout: UInt64 { 10_000_000_000 }
    /// A connection that has had no request for so long is closed.
    static var idleTimeout: UInt64 { 30_000_000_000 }
    /// For the first session, while failures are such that may pass.
    static var startTimeout: UInt64 { 15_000_000_000 }
    /// For one attempt at it: a request that the network has lost is made again in time.
    static var startPatience: UInt64 { startTimeout / 3 }
    /// For telling the server that the session is over.
    static var quitTimeout: UInt64 { 3_000_000_000 }
}

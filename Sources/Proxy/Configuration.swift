public import Internet
internal import Kernel
public import Policy

/// Every limit and every time that the proxy obeys, in one value.
///
/// This file is the reference: each property says what it limits, in which unit, what zero means
/// and why the default is what it is. The flags of the `culvert` command fill it; nothing else
/// does. It never changes once the server has started.
public struct Configuration: Sendable {
    /// Creates a configuration in which every value is its default.
    public init() {}

    // MARK: Where we listen, and with what

    /// Endpoints to accept clients on.
    ///
    /// Port 0 lets the kernel choose one.
    public var listen: [Endpoint] = [Endpoint(Address(v4: 0x7f00_0001), port: 3128)]
    /// Name of this deployment in Proxy-Status (RFC 9209 section 2).
    ///
    /// Empty: the host's name.
    public var name = ""
    /// Worker threads, each with its own ring and descriptor table.
    ///
    /// 0: one for each CPU.
    public var workers = 0
    /// CPUs to pin workers to, in turn.
    ///
    /// Empty: workers are pinned only if there is one for each CPU.
    public var cpus: [Int] = []
    /// Whether pinned workers ask for clients whose packets their CPU handles, and any worker
    /// passes clients on to others that have clearly fewer tunnels.
    public var balance = true
    /// Connections that may wait to be accepted on each worker's listener (capped by somaxconn).
    public var backlog = 4096

    // MARK: Who may go where

    /// File of the users that may use the proxy, in the form of htpasswd(1).
    ///
    /// Empty: everybody may.
    public var usersFile = ""
    /// Nanoseconds for which credentials that have been checked aren't checked again.
    public var credentialLifetime: UInt64 = 300_000_000_000
    /// Wrong credentials of one client address (each /64 of IPv6) in a minute, after which none of
    /// it are checked for the rest of that minute.
    ///
    /// 0: no limit.
    public var maxFailuresPerClient = 30
    /// Ports that may be dialled.
    ///
    /// Only HTTPS unless told otherwise (RFC 9110 section 9.3.6).
    public var allowedPorts: [ClosedRange<UInt16>] = [443...443]
    /// Whether loopback, private, link-local and shared addresses may be dialled.
    public var allowsPrivate = false
    /// File of the rules of who may go where.
    ///
    /// Empty: none.
    public var policyFile = ""
    /// Hosts and networks that may be asked for, or may not.
    ///
    /// Empty: all that is public.
    public var simpleRules = SimpleRules()
    /// Whether tunnels end that rules and users forbid which have been read again.
    public var enforcesOnReload = false
    /// Local addresses to dial from, taken in turn for each family.
    ///
    /// Empty: the kernel chooses.
    public var bind: [Address] = []

    // MARK: Tunnels that must be TLS

    /// Ports whose tunnels must be TLS: whose first bytes from the client must be a ClientHello.
    ///
    /// Only HTTPS unless told otherwise: through it anything but TLS would be anything at all.
    /// Empty: none.
    public var tlsPorts: [ClosedRange<UInt16>] = [443...443]
    /// What the server name (SNI) of such a tunnel must be.
    public enum ServerNameRule: String, CaseIterable, Sendable {
        /// Anything, or missing.
        case off
        /// The host of the request, or one of the further names.
        ///
        /// A request for an address needs no server name.
        case match
    }
    /// What the server name (SNI) of such a tunnel must be.
    public var tlsServerName = ServerNameRule.off
    /// Server names that are fine besides the host of the request.
    public var tlsFurtherNames: [HostPattern] = []
    /// Whether something is let through.
    public enum Permission: String, CaseIterable, Sendable {
        case allow, deny
    }
    /// Whether such a tunnel may go without a server name where that has to match.
    public var tlsMissingName = Permission.deny
    /// Whether such a tunnel may hide its server name in an encrypted ClientHello (ECH).
    ///
    /// Browsers send one made up of random bytes (GREASE) where they have no key for a real one,
    /// and nobody can tell the two apart; so denying it keeps browsers out altogether.
    public var tlsEncryptedHello = Permission.allow

    // MARK: Tunnels without CONNECT

    /// Path below which tunnels are carried by POST, PUT, GET and DELETE (docs/method-tunnel.md).
    ///
    /// Empty: none are.
    public var methodTunnel = ""
    /// Sessions of each worker, at most.
    public var sessionsMax = 256
    /// Sessions of one user at once; where there are no users, of one client address (each /64 of
    /// IPv6).
    public var sessionsPerUserMax = 16
    /// Nanoseconds, in whole seconds, for which a session lives without hearing of its client.
    public var sessionGrace: UInt64 = 120_000_000_000
    /// Nanoseconds, in whole seconds, for which a request may wait for bytes of a server.
    ///
    /// Less than the minute after which proxies commonly give an answer up.
    public var pollTimeout: UInt64 = 55_000_000_000
    /// From the end of a request's head to the end of its body.
    public var bodyTimeout: UInt64 = 60_000_000_000

    // MARK: Finding names

    /// Name servers to ask, in this order.
    ///
    /// Empty: those of /etc/resolv.conf.
    public var nameServers: [Endpoint] = []
    /// The hosts file, which is looked at before any name server.
    ///
    /// Empty: none.
    public var hostsFile = "/etc/hosts"

    // MARK: Times, in nanoseconds

    /// From accept to the end of the request head, however many bytes arrive in between.
    public var headTimeout: UInt64 = 10_000_000_000
    /// For finding the addresses of a name.
    public var resolveTimeout: UInt64 = 5_000_000_000
    /// For the TCP handshake with any of the addresses, all attempts together.
    public var connectTimeout: UInt64 = 10_000_000_000
    /// From the 200 to the end of the ClientHello, however many bytes arrive in between.
    public var tlsHelloTimeout: UInt64 = 10_000_000_000
    /// Without a byte in either direction.
    ///
    /// 0: never.
    public var idleTimeout: UInt64 = 600_000_000_000
    /// Without a byte once one direction has ended.
    ///
    /// 0: never.
    public var halfClosedTimeout: UInt64 = 60_000_000_000
    /// From accept to the end, whatever happens.
    ///
    /// 0: never.
    public var maxLifetime: UInt64 = 0
    /// From the first signal to the end of the last tunnel.
    public var drainTimeout: UInt64 = 30_000_000_000
    /// Without a byte, after which a tunnel ends while the server drains, a side from which nobody
    /// reads any more is watched for a break, memory of a stream without CONNECT goes back, and TCP
    /// keepalive begins.
    public var restAfter: UInt64 = 1_000_000_000
    /// Before the next address is tried beside one that has not answered (RFC 8305 section 5, which
    /// advises 250 ms and forbids less than 10 ms).
    public var attemptDelay: UInt64 = 250_000_000

    // MARK: Limits

    /// Tunnels at once, all workers together.
    ///
    /// 0: as many as the open-file limit allows.
    public var maxTunnels = 0
    /// Tunnels at once for each client address (each /64 of IPv6).
    ///
    /// 0: no limit.
    public var maxTunnelsPerClient = 0
    /// Bytes of a request head, request line and field lines together.
    public var headBytesMax = 16384
    /// Bytes of one line of a head.
    public var headLineBytesMax = 8192
    /// Field lines of a head.
    public var headFieldsMax = 100

    // MARK: Relay

    /// How bytes are moved.
    public enum RelayMode: String, CaseIterable, Sendable {
        /// Copying for messages, splice(2) for bulk: what measures best for each flow.
        case auto
        /// Only receive and send on the ring.
        case copy
        /// Only splice(2), called by the worker on readiness.
        case splice
        /// Only splice submitted through the ring (IORING_OP_SPLICE).
        case ringSplice = "ring-splice"
    }
    /// How bytes are moved.
    public var relay = RelayMode.auto
    /// Bytes of one relay buffer.
    public var bufferSize = 65536
    /// Relay buffers of each worker.
    public var buffers = 512
    /// Bytes that a splice pipe can hold.
    public var pipeSize = Configuration.usualPipeSize
    /// As much as any process may ask for, unless the user's pipes are counted together: then what
    /// leaves room for 256 of them.
    private static let usualPipeSize = Pipe.isUnbounded ? 1 << 20 : 1 << 18
    /// Splice pipes of each worker, at most.
    public var pipes = 256
    /// Bytes that spliced flows may move, to the end of the pipe that was begun, before messages
    /// that have come meanwhile are handled.
    public var bulkSlice = 512 << 10
    /// Nanoseconds without a byte after which a flow gives its receive up for a poll.
    ///
    /// That saves 600 bytes of the kernel's memory, but takes CPU, which tunnels that speak every
    /// second or two should not have to spend each time.
    public var parkAfter: UInt64 = 5_000_000_000
    /// The same for streams without CONNECT, which have no receive but memory of their own.
    var streamParkAfter: UInt64 { min(parkAfter, restAfter) }
    /// Nanoseconds for which who may still say something is waited for while the server drains: a
    /// client that has a session, an upstream that was sent something.
    var drainPatience: UInt64 { min(drainTimeout / 3, 10_000_000_000) }
    /// `keepalive` in whole seconds, as the kernel takes it.
    var keepaliveSeconds: Int32 { Int32(clamping: (keepalive + 999_999_999) / 1_000_000_000) }
    /// Bytes of a receive that is large; so is one that fills its buffer.
    ///
    /// From about 4 KiB on splicing a message takes less CPU than copying it.
    public var promoteSize = 4096
    /// Large receives in a row after which a flow is bulk.
    public var promoteAfter = 1

    // MARK: Ring

    /// Entries of a worker's submission queue; a power of two up to 32768.
    public var ringEntries = 4096
    /// Entries of a worker's completion queue; a power of two up to 65536.
    public var completionEntries = 32768
    /// Completions to wait for at once under load, at most.
    public var batch = 64

    // MARK: Sockets

    /// SO_SNDBUF of both sockets in bytes.
    ///
    /// 0: the kernel tunes it.
    public var sendBuffer = 0
    /// SO_RCVBUF of both sockets in bytes.
    ///
    /// 0: the kernel tunes it.
    public var receiveBuffer = 0
    /// Nanoseconds of silence before TCP keepalive probes.
    ///
    /// 0: no probes.
    public var keepalive: UInt64 = 60_000_000_000
    /// TCP_USER_TIMEOUT in nanoseconds: how long sent bytes may stay unacknowledged.
    ///
    /// 0: the kernel's.
    public var userTimeout: UInt64 = 0
    /// Whether TCP_NODELAY is set on both sockets.
    public var nodelay = true
    /// Which congestion control TCP uses on both sides.
    public enum Congestion: Equatable, Sendable {
        /// The system's, but not one that paces (BBR) over loopback.
        ///
        /// There is nothing to find out about that path, and a timer for every few segments costs
        /// more than all else that is done for them.
        case auto
        /// The system's.
        case system
        /// The one of this name.
        case named(String)
    }
    /// Which congestion control TCP uses on both sides.
    public var congestion = Congestion.auto

    // MARK: Journal

    /// Where the journal's JSON lines go.
    public enum JournalTarget: Equatable, Sendable {
        /// No journal.
        case none
        /// Standard output.
        case standardOutput
        /// A file that is appended to, and opened anew on SIGHUP.
        case file(String)
    }
    /// Where the journal's JSON lines go.
    public var journal = JournalTarget.none
    /// Nanoseconds between records of what an open tunnel has moved so far; 0 writes none.
    public var journalInterval: UInt64 = 0
}

internal import CLiburing
internal import Glibc
public import Internet

/// Sockets, by direct system calls.
///
/// All are non-blocking and closed on exec.
public enum Socket {
    /// A listening socket on `endpoint`, which other workers may share (SO_REUSEPORT).
    ///
    /// Accepted sockets inherit `options`.
    ///
    /// - Throws: `SystemError` of socket(2), bind(2) or listen(2).
    public static func listen(
        on endpoint: Endpoint,
        backlog: Int32,
        options: SocketOptions
    ) throws(SystemError) -> Int32 {
        let socket = try bound(to: endpoint, isShared: true)
        set(options, on: socket)
        guard Glibc.listen(socket, backlog) == 0 else {
            let error = SystemError("listen")
            _ = Glibc.close(socket)
            throw error
        }
        return socket
    }

    /// A socket bound to `endpoint` that doesn't listen.
    ///
    /// Unless `isShared`, binding fails with EADDRINUSE where anybody listens already, be it with
    /// SO_REUSEPORT.
    ///
    /// - Throws: `SystemError` of socket(2) or bind(2).
    public static func bound(to endpoint: Endpoint, isShared: Bool) throws(SystemError) -> Int32 {
        let descriptor = open(endpoint.address.family)
        guard descriptor >= 0 else { throw SystemError("socket", code: -descriptor) }
        enable(SO_REUSEADDR, level: SOL_SOCKET, on: descriptor)
        if isShared { enable(CL_SO_REUSEPORT, level: SOL_SOCKET, on: descriptor) }
        if endpoint.address.family == .v6 {
            enable(Int32(IPV6_V6ONLY), level: Int32(IPPROTO_IPV6), on: descriptor)
        }
        let status = unsafe SocketAddress(endpoint).withPointer { address, length in
            unsafe bind(descriptor, address, length)
        }
        guard status == 0 else {
            let error = SystemError("bind")
            _ = Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    /// The endpoint that `socket` is bound to.
    public static func localEndpoint(of socket: Int32) -> Endpoint? {
        var address = SocketAddress()
        let status = unsafe address.withMutablePointer { pointer, length in
            unsafe getsockname(socket, pointer, length)
        }
        return status == 0 ? address.endpoint : nil
    }

    /// Who is at the other end of `socket`; nil if it is gone.
    public static func peer(of socket: Int32) -> Endpoint? {
        var address = SocketAddress()
        let status = unsafe address.withMutablePointer { pointer, length in
            unsafe getpeername(socket, pointer, length)
        }
        return status == 0 ? address.endpoint : nil
    }

    /// Closes a descriptor.
    public static func close(_ descriptor: Int32) {
        _ = Glibc.close(descriptor)
    }

    /// A TCP socket with `options`, bound to `source` if there is one, with its port left to the
    /// connect (IP_BIND_ADDRESS_NO_PORT), so that ports can be shared between destinations; the
    /// descriptor, or an errno negated.
    static func dialling(
        _ family: Address.Family,
        source: Address?,
        options: SocketOptions
    ) -> Int32 {
        let socket = open(family)
        guard socket >= 0 else { return socket }
        set(options, on: socket)
        guard let source else { return socket }
        enable(CL_IP_BIND_ADDRESS_NO_PORT, level: Int32(IPPROTO_IP), on: socket)
        let status = unsafe SocketAddress(Endpoint(source, port: 0)).withPointer {
            unsafe bind(socket, $0, $1)
        }
        guard status == 0 else {
            let code = errno
            _ = Glibc.close(socket)
            return -code
        }
        return socket
    }

    /// Takes one waiting client off `listener`; nil if there is none.
    static func acceptWaiting(on listener: Int32) -> Int32? {
        let flags = CL_SOCK_NONBLOCK | CL_SOCK_CLOEXEC
        let client = accept4(listener, nil, nil, flags)
        return client >= 0 ? client : nil
    }

    /// Asks for the clients whose packets `cpu` handles, of those that come to `listener` and the
    /// others that share its endpoint; nil: for those that the kernel's hash gives it (Linux 6.2;
    /// without effect before).
    public static func prefer(cpu: Int?, on listener: Int32) {
        let value = cpu.map { Int32(truncatingIfNeeded: $0) } ?? -1
        set(CL_SO_INCOMING_CPU, value, SOL_SOCKET, listener)
    }

    static func incomingCPU(of socket: Int32) -> Int? {
        var cpu: Int32 = -1
        var size = socklen_t(MemoryLayout<Int32>.size)
        let status = unsafe getsockopt(socket, SOL_SOCKET, CL_SO_INCOMING_CPU, &cpu, &size)
        return status == 0 && cpu >= 0 ? Int(cpu) : nil
    }

    static func keepAlive(_ socket: Int32, seconds: Int32) {
        set(TCP_KEEPIDLE, seconds, Int32(IPPROTO_TCP), socket)
        enable(SO_KEEPALIVE, level: SOL_SOCKET, on: socket)
    }

    static func takeError(of socket: Int32) -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        let status = unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size)
        return status == 0 ? code : errno
    }

    static func unacknowledgedBytes(of socket: Int32) -> Int {
        var count: Int32 = 0
        return unsafe ioctl(socket, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
    }

    static func makeAbortive(_ socket: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, size)
    }

    private static func open(_ family: Address.Family) -> Int32 {
        let domain = family == .v4 ? AF_INET : AF_INET6
        let type = CL_SOCK_STREAM | CL_SOCK_NONBLOCK | CL_SOCK_CLOEXEC
        let socket = Glibc.socket(domain, type, 0)
        return socket >= 0 ? socket : -errno
    }

    private static func set(_ options: SocketOptions, on socket: Int32) {
        let tcp = Int32(IPPROTO_TCP)
        if options.nodelay { enable(TCP_NODELAY, level: tcp, on: socket) }
        if options.sendBuffer > 0 { set(SO_SNDBUF, options.sendBuffer, SOL_SOCKET, socket) }
        if options.receiveBuffer > 0 { set(SO_RCVBUF, options.receiveBuffer, SOL_SOCKET, socket) }
        if options.keepaliveSeconds > 0 {
            keepAlive(socket, seconds: options.keepaliveSeconds)
        }
        if options.userTimeoutMilliseconds > 0 {
            set(CL_TCP_USER_TIMEOUT, options.userTimeoutMilliseconds, tcp, socket)
        }
        options.congestion?.set(on: socket)
    }

    private static func enable(_ option: Int32, level: Int32, on socket: Int32) {
        set(option, 1, level, socket)
    }

    private static func set(_ option: Int32, _ value: Int32, _ level: Int32, _ socket: Int32) {
        var value = value
        _ = unsafe setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}

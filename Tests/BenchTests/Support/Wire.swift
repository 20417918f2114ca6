import Glibc
import Internet

/// A TCP socket that is used with waiting calls.
///
/// No call waits for more than a quarter of a minute, and none for a client for more than a whole
/// one: a test fails rather than hangs.
final class Wire: @unchecked Sendable {
    let descriptor: Int32

    private init(_ descriptor: Int32, seconds: Int = 15) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        var on: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    }

    deinit { close(descriptor) }

    /// A socket that listens on a free port of 127.0.0.1.
    static func listening() -> Wire {
        let wire = Wire(make(), seconds: 60)
        unsafe withName(Endpoint(Address(v4: 0x7f00_0001), port: 0)) {
            _ = unsafe bind(wire.descriptor, $0, $1)
        }
        listen(wire.descriptor, 128)
        return wire
    }

    /// The next client, or nil if the socket is shut or nobody comes.
    func accept() -> Wire? {
        let client = Glibc.accept(descriptor, nil, nil)
        // A program that a test starts must not hold it open.
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        return client >= 0 ? Wire(client) : nil
    }

    /// A connection to `endpoint`, or nil if there is none.
    static func connected(to endpoint: Endpoint) -> Wire? {
        let wire = Wire(make())
        let status = unsafe withName(endpoint) { unsafe connect(wire.descriptor, $0, $1) }
        return status == 0 ? wire : nil
    }

    /// The port that it is bound to.
    var port: UInt16 {
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe getsockname(descriptor, $0, &length)
            }
        }
        return UInt16(bigEndian: name.sin_port)
    }

    // MARK: Bytes

    /// What comes next; nothing at the end, nil if the connection is broken.
    func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16384)
        let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
        return count >= 0 ? Array(bytes[..<count]) : nil
    }

    /// Sends all of `bytes`; whether that went well.
    @discardableResult func send(_ bytes: some Sequence<UInt8>) -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { memory in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: memory[sent...])
                return unsafe Glibc.send(
                    descriptor,
                    rest.baseAddress,
                    rest.count,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    // MARK: Ends

    /// Sends FIN.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends both directions, and wakes who waits.
    func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Resets the connection now, and wakes who waits.
    func reset() {
        var none = sockaddr()
        none.sa_family = sa_family_t(AF_UNSPEC)
        _ = unsafe connect(descriptor, &none, socklen_t(MemoryLayout<sockaddr>.size))
    }

    private static func make() -> Int32 {
        socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    private static func withName<Result>(
        _ endpoint: Endpoint,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = endpoint.port.bigEndian
        name.sin_addr.s_addr = UInt32(truncatingIfNeeded: endpoint.address.low).bigEndian
        return unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

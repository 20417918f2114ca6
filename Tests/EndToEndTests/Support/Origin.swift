import Foundation
import Glibc
import Internet
import Synchronization

/// A listening socket for the upstream side of tests.
///
/// Either the test accepts each connection itself, step by step, or each is served on a thread.
final class Origin: @unchecked Sendable {
    private let listener: Int32
    let endpoint: Endpoint

    /// Listens on `port` of `address`; port 0 takes a free one.
    init(_ address: String = "127.0.0.1", port: UInt16 = 0, backlog: Int32 = 1024) throws {
        let wished = Endpoint(Address(address) ?? Address(v4: 0x7f00_0001), port: port)
        let listener = SocketName.makeSocket(wished)
        self.listener = listener
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        // A port may be listened on again at once.
        var on: Int32 = 1
        unsafe setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        let status = unsafe SocketName.withPointer(wished) { unsafe bind(listener, $0, $1) }
        guard status == 0, listen(listener, backlog) == 0 else {
            let code = errno
            close(listener)
            throw Stream.Failure(call: "bind or listen", code: code)
        }
        endpoint = Endpoint(wished.address, port: SocketName.port(of: listener))
    }

    /// Listens, and lets `body` serve each connection on a thread of its own.
    convenience init(
        _ address: String = "127.0.0.1",
        port: UInt16 = 0,
        serving body: @escaping @Sendable (Stream) throws -> Void
    ) throws {
        try self.init(address, port: port)
        serve(body)
    }

    private func serve(_ body: @escaping @Sendable (Stream) throws -> Void) {
        let listener = listener
        Foundation.Thread.detachNewThread {
            while true {
                let descriptor = Glibc.accept(listener, nil, nil)
                guard descriptor >= 0 else {
                    if errno == EAGAIN || errno == EINTR || errno == ECONNABORTED { continue }
                    return
                }
                Foundation.Thread.detachNewThread {
                    let stream = Stream(descriptor)
                    // What the other side broke off is that test's affair, not this thread's.
                    try? body(stream)
                }
            }
        }
    }

    /// An origin that sends back what it receives, and ends when its client has.
    static func echo(_ address: String = "127.0.0.1") throws -> Origin {
        try Origin(address) { stream in
            while true {
                let bytes = try stream.receive()
                guard !bytes.isEmpty else { return }
                try stream.send(bytes)
            }
        }
    }

    /// A port of 127.0.0.1 that nobody listens on.
    ///
    /// It is none that the kernel gives to connections, and none that another process of these
    /// tests takes soon.
    static func freePort() throws -> UInt16 {
        let count = 700
        let first = 10_000 + Int(getpid()) % 32 * count
        for _ in 0..<count {
            let number = portsTaken.wrappingAdd(1, ordering: .relaxed).oldValue
            let port = UInt16(first + number % count)
            if (try? Origin(port: port)) != nil { return port }
        }
        throw Stream.Failure(call: "bind to a free port", code: EADDRINUSE)
    }

    private static let portsTaken = Atomic<Int>(0)

    deinit {
        // Wakes a thread that waits in accept.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    var authority: String { "\(endpoint)" }

    /// The next connection.
    func accept() throws -> Stream {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { throw Stream.Failure(call: "accept", code: errno) }
        return Stream(descriptor)
    }

    /// Whether nobody waits to be accepted.
    var hasNoVisitor: Bool { !Readiness.comes(listener, POLLIN, within: 0) }

    /// All who wait to be accepted at present.
    func acceptWaiting() throws -> [Stream] {
        var streams: [Stream] = []
        while !hasNoVisitor { streams.append(try accept()) }
        return streams
    }
}

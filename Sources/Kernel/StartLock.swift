internal import CLiburing
internal import Glibc
internal import Synchronization

/// Held while a server finds out that nobody listens where it wants to, and until it listens there.
///
/// Listeners share their ports (SO_REUSEPORT), so two servers that start at once could both find a
/// port free and then share it. The lock is an abstract Unix socket: it is there once in a network
/// namespace, and ends with its process.
public final class StartLock: Sendable {
    /// How long another start is waited for; somebody who holds the name for longer isn't one.
    private static var patienceMilliseconds: Int { 5000 }

    private let descriptor: Atomic<Int32>

    /// Waits until no other server of this network namespace starts.
    public init() {
        descriptor = Atomic(-1)
        let socket = Glibc.socket(AF_UNIX, CL_SOCK_DGRAM | CL_SOCK_CLOEXEC, 0)
        guard socket >= 0 else { return }
        descriptor.store(socket, ordering: .relaxed)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = "culvert starts".utf8
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            // A name that begins with a zero is abstract.
            for (index, byte) in name.enumerated() { unsafe path[index + 1] = byte }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + 1 + name.count)
        for _ in 0..<StartLock.patienceMilliseconds {
            let status = unsafe withUnsafePointer(to: address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(socket, $0, length)
                }
            }
            guard status != 0, errno == EADDRINUSE else { return }
            Thread.pause(milliseconds: 1)
        }
    }

    /// Lets others start.
    public func release() {
        let held = descriptor.exchange(-1, ordering: .relaxed)
        if held >= 0 { Socket.close(held) }
    }

    deinit { release() }
}

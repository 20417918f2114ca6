import Glibc

/// Addresses on 127.0.0.1, as system calls want them.
enum Loopback {
    /// Lends the address of `port` to a system call.
    static func withAddress(
        _ port: UInt16,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe body(generic, length)
            }
        }
    }

    /// A socket of `type` that no program inherits which another test starts meanwhile.
    static func makeSocket(_ type: __socket_type) -> Int32 {
        socket(AF_INET, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    /// A socket of `type` on a port that the kernel chooses; both.
    static func bound(_ type: __socket_type) -> (descriptor: Int32, port: UInt16) {
        let descriptor = makeSocket(type)
        let status = unsafe withAddress(0) { unsafe bind(descriptor, $0, $1) }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                _ = unsafe getsockname(descriptor, generic, &length)
            }
        }
        precondition(status == 0, "127.0.0.1 can be bound to")
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}

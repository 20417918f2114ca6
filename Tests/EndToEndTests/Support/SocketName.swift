import Glibc
import Internet

/// Endpoints as the system's calls take them.
enum SocketName {
    static func makeSocket(_ endpoint: Endpoint) -> Int32 {
        let family = endpoint.address.family == .v4 ? AF_INET : AF_INET6
        return socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    static func withPointer<Result>(
        _ endpoint: Endpoint,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        switch endpoint.address.family {
        case .v4:
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = endpoint.port.bigEndian
            name.sin_addr.s_addr = UInt32(truncatingIfNeeded: endpoint.address.low).bigEndian
            return unsafe pass(&name, body)
        case .v6:
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = endpoint.port.bigEndian
            let halves = [endpoint.address.high.bigEndian, endpoint.address.low.bigEndian]
            unsafe withUnsafeMutableBytes(of: &name.sin6_addr) { bytes in
                unsafe halves.withUnsafeBytes { unsafe bytes.copyMemory(from: $0) }
            }
            return unsafe pass(&name, body)
        }
    }

    private static func pass<Name, Result>(
        _ name: inout Name,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe body(address, socklen_t(MemoryLayout<Name>.size))
            }
        }
    }

    /// The IPv4 address that is at the other end of `descriptor`.
    static func peer(of descriptor: Int32) -> String {
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = unsafe getpeername(descriptor, address, &length)
            }
        }
        return "\(Address(v4: UInt32(bigEndian: name.sin_addr.s_addr)))"
    }

    /// The port that `descriptor` is bound to.
    static func port(of descriptor: Int32) -> UInt16 {
        // The port is at the same place for both families.
        var name = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = unsafe getsockname(descriptor, address, &length)
            }
        }
        return UInt16(bigEndian: name.sin6_port)
    }
}

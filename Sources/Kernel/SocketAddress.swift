internal import CLiburing
internal import Glibc
internal import Internet

/// A sockaddr_in or sockaddr_in6 in one place, with its length.
struct SocketAddress {
    var storage = sockaddr_in6()
    var length: socklen_t

    /// Room for an address that the kernel will fill in.
    init() {
        length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    }

    /// The kernel's form of `endpoint`.
    init(_ endpoint: Endpoint) {
        let address = endpoint.address
        switch address.family {
        case .v4:
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            var form = sockaddr_in()
            form.sin_family = sa_family_t(AF_INET)
            form.sin_port = endpoint.port.bigEndian
            form.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.low).bigEndian
            unsafe withUnsafeMutableBytes(of: &storage) { bytes in
                unsafe bytes.storeBytes(of: form, as: sockaddr_in.self)
            }
        case .v6:
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            storage.sin6_family = sa_family_t(AF_INET6)
            storage.sin6_port = endpoint.port.bigEndian
            unsafe withUnsafeMutableBytes(of: &storage.sin6_addr) { bytes in
                unsafe bytes.storeBytes(of: address.high.bigEndian, as: UInt64.self)
                unsafe bytes.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
        }
    }

    /// What the kernel filled in; nil for another family.
    ///
    /// A mapped IPv4 address stays mapped.
    var endpoint: Endpoint? {
        switch Int32(storage.sin6_family) {
        case AF_INET:
            let form = unsafe withUnsafeBytes(of: storage) { bytes in
                unsafe bytes.loadUnaligned(as: sockaddr_in.self)
            }
            let address = Address(v4: UInt32(bigEndian: form.sin_addr.s_addr))
            return Endpoint(address, port: UInt16(bigEndian: form.sin_port))
        case AF_INET6:
            let (high, low) = unsafe withUnsafeBytes(of: storage.sin6_addr) { bytes in
                unsafe (
                    bytes.loadUnaligned(as: UInt64.self),
                    bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                )
            }
            let address = Address(v6: UInt64(bigEndian: high), UInt64(bigEndian: low))
            return Endpoint(address, port: UInt16(bigEndian: storage.sin6_port))
        default:
            return nil
        }
    }

    /// Lends the address to a system call.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe body(address, length)
            }
        }
    }

    /// Lends room for an address to a system call.
    mutating func withMutablePointer<Result>(
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
    ) -> Result {
        unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe body(address, &length)
            }
        }
    }
}

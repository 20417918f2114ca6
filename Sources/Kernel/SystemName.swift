internal import CLiburing
internal import CLiburing
internal import Glibc
public import Internet

/// What the system calls itself.
public enum SystemName {
    /// The host's name, or "localhost" if it has none.
    public static var host: String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let status = unsafe bytes.withUnsafeMutableBytes { buffer in
            let name = unsafe buffer.assumingMemoryBound(to: CChar.self)
            guard let start = name.baseAddress else { return Int32(-1) }
            return unsafe gethostname(start, 255)
        }
        let end = bytes.firstIndex(of: 0) ?? 0
        return status == 0 && end > 0 ? String(decoding: bytes[..<end], as: UTF8.self) : "localhost"
    }

    /// The value of the environment's variable `name`; nil if it has none.
    public static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// The first address of `host`, as the system finds it; it may wait for name servers.
    public static func address(of host: String) -> Address? { addresses(of: host).first }

    /// All addresses of `host`, in the system's order; it may wait for name servers.
    public static func addresses(of host: String) -> [Address] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CL_SOCK_STREAM
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0, let list = unsafe list else {
            return []
        }
        defer { unsafe freeaddrinfo(list) }
        var found: [Address] = []
        var next: UnsafeMutablePointer<addrinfo>? = unsafe list
        while let entry = unsafe next {
            if let one = unsafe address(entry.pointee) { found.append(one) }
            unsafe next = entry.pointee.ai_next
        }
        return found
    }

    private static func address(_ entry: addrinfo) -> Address? {
        guard let bytes = unsafe entry.ai_addr else { return nil }
        var address = SocketAddress()
        unsafe address.withMutablePointer { room, _ in
            let size = unsafe min(Int(entry.ai_addrlen), MemoryLayout<sockaddr_in6>.size)
            unsafe UnsafeMutableRawPointer(room).copyMemory(from: bytes, byteCount: size)
        }
        return address.endpoint?.address
    }
}

internal import CLiburing
internal import Glibc

/// One of TCP's ways to find how fast it may send, by the kernel's name for it (TCP_CONGESTION).
public struct CongestionControl: Equatable, Sendable {
    /// The name in 16 bytes, as the kernel takes it (TCP_CA_NAME_MAX), the first one lowest.
    private var first: UInt64 = 0
    private var second: UInt64 = 0

    /// The algorithm called `name`; nil if no algorithm of any kernel is called so.
    public init?(_ name: String) {
        let octets = Array(name.utf8)
        guard 1...15 ~= octets.count, octets.allSatisfy({ 0x21...0x7e ~= $0 }) else { return nil }
        for (index, octet) in octets.enumerated() {
            let bits = UInt64(octet) << (index % 8 * 8)
            if index < 8 { first |= bits } else { second |= bits }
        }
    }

    /// The names of those that this kernel has loaded.
    public static var available: [String] { names("tcp_available_congestion_control") }

    /// What connections use that aren't told otherwise.
    public static var systemName: String? { names("tcp_congestion_control").first }

    private static func names(_ file: String) -> [String] {
        let text = SystemFile.read("/proc/sys/net/ipv4/\(file)") ?? ""
        return text.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Whether this process may use it: some need CAP_NET_ADMIN.
    public var isUsable: Bool {
        let socket = Glibc.socket(AF_INET, CL_SOCK_STREAM | CL_SOCK_CLOEXEC, 0)
        guard socket >= 0 else { return false }
        defer { _ = Glibc.close(socket) }
        return set(on: socket)
    }

    /// Makes `socket` use it from now on; false if the kernel refuses.
    @discardableResult func set(on socket: Int32) -> Bool {
        var name = (first, second)
        let size = socklen_t(MemoryLayout<(UInt64, UInt64)>.size)
        return unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_CONGESTION, &name, size) == 0
    }
}

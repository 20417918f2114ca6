/// An IPv4 or IPv6 address as a plain value.
///
/// Both families share one layout: the address as a big number, `high` then `low`. An IPv4
/// address occupies the low 32 bits of `low`.
public struct Address: Hashable, Sendable, BitwiseCopyable {
    /// The protocol family of an address.
    public enum Family: UInt8, Sendable, BitwiseCopyable {
        case v4, v6
    }

    /// The upper 64 bits of an IPv6 address; zero for IPv4.
    public let high: UInt64
    /// The lower 64 bits of an IPv6 address, or the 32 bits of an IPv4 address.
    public let low: UInt64
    /// Which protocol the address belongs to.
    public let family: Family

    /// The IPv4 address whose 32 bits, most significant first, are `bits`.
    public init(v4 bits: UInt32) {
        high = 0
        low = UInt64(bits)
        family = .v4
    }

    /// The IPv6 address whose 128 bits are `high` followed by `low`.
    public init(v6 high: UInt64, _ low: UInt64) {
        self.high = high
        self.low = low
        family = .v6
    }

    /// Whether packets to it never leave this machine: 127.0.0.0/8 and ::1.
    public var isLoopback: Bool {
        family == .v4 ? low >> 24 == 127 : high == 0 && low == 1
    }
}

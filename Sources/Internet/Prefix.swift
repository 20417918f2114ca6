/// A range of addresses that share their first bits, such as `10.0.0.0/8`.
public struct Prefix: Hashable, Sendable {
    /// The first address of the range; every bit after `length` is zero.
    public let network: Address
    /// How many leading bits the addresses share.
    public let length: UInt8

    /// The range `network/length`; none if the length doesn't fit or bits after it are set.
    public init?(_ network: Address, length: UInt8) {
        guard length <= (network.family == .v4 ? 32 : 128) else { return nil }
        self.network = network
        self.length = length
        guard network.high & ~mask.high == 0, network.low & ~mask.low == 0 else { return nil }
    }

    /// Reads `network/length`, or nothing.
    public init?(_ text: String) {
        self.init(bytes: text.utf8.span)
    }

    /// Reads `network/length` or an address, which is a range of one, or nothing.
    ///
    /// A range of mapped addresses, `::ffff:a.b.c.d/96` or longer, becomes IPv4.
    public init?(networkOrAddress text: String) {
        let prefix =
            Prefix(text)
            ?? Address(text).flatMap { Prefix($0, length: $0.family == .v4 ? 32 : 128) }
        guard let prefix else { return nil }
        let inner = prefix.network.unmapped
        let isMapped = prefix.length >= 96 && inner.family != prefix.network.family
        self.init(isMapped ? inner : prefix.network, length: prefix.length - (isMapped ? 96 : 0))
    }

    /// Whether `address` is of the same family and in the range.
    public func contains(_ address: Address) -> Bool {
        address.family == network.family
            && address.high & mask.high == network.high
            && address.low & mask.low == network.low
    }

    /// Writes `network/length`.
    public func write(to sink: inout some ByteSink) {
        network.write(to: &sink)
        sink.append(UInt8(ascii: "/"))
        sink.append(decimal: length)
    }

    private init?(bytes: Span<UInt8>) {
        var slash = bytes.count - 1
        while slash > 0, bytes[slash] != UInt8(ascii: "/") { slash -= 1 }
        guard slash > 0, let network = Address(parsing: bytes, in: 0..<slash),
            // A length is written like a port: plain digits without leading zeros.
            let length = Endpoint.port(parsing: bytes, in: (slash + 1)..<bytes.count)
        else { return nil }
        self.init(network, length: UInt8(clamping: length))
    }

    /// The bits that must agree, in the layout of `Address`.
    private var mask: (high: UInt64, low: UInt64) {
        let bits = UInt64(length)
        if network.family == .v4 { return (.max, .max << (32 - bits)) }
        return bits <= 64 ? (.max << (64 - bits), 0) : (.max, .max << (128 - bits))
    }
}

extension Prefix: CustomStringConvertible {
    /// The text `network/length`.
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

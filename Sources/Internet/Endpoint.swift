/// An address and a TCP port: what is listened on or dialled.
public struct Endpoint: Hashable, Sendable, BitwiseCopyable {
    /// The address.
    public var address: Address
    /// The port in host byte order.
    public var port: UInt16

    /// The endpoint of `address` and `port`.
    public init(_ address: Address, port: UInt16) {
        self.address = address
        self.port = port
    }
}

extension Endpoint {
    /// Reads `1.2.3.4:443` or `[::1]:443`, or nothing; port 0 is accepted, for listening.
    public init?(_ text: String) {
        self.init(bytes: text.utf8.span)
    }

    /// Reads a port of plain decimal digits, 0 to 65535, without sign or leading zeros.
    public static func port(parsing bytes: Span<UInt8>, in range: Range<Int>) -> UInt16? {
        guard (1...5).contains(range.count) else { return nil }
        var port: UInt32 = 0
        for index in range {
            let byte = bytes[index]
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            port = port * 10 + UInt32(byte - UInt8(ascii: "0"))
        }
        let hasLeadingZero = bytes[range.lowerBound] == UInt8(ascii: "0") && range.count > 1
        return hasLeadingZero ? nil : UInt16(exactly: port)
    }

    /// Writes `address:port`, an IPv6 address in brackets.
    public func write(to sink: inout some ByteSink) {
        if address.family == .v6 { sink.append(UInt8(ascii: "[")) }
        address.write(to: &sink)
        if address.family == .v6 { sink.append(UInt8(ascii: "]")) }
        sink.append(UInt8(ascii: ":"))
        sink.append(decimal: port)
    }

    private init?(bytes: Span<UInt8>) {
        var colon = bytes.count - 1
        while colon > 0, bytes[colon] != UInt8(ascii: ":") { colon -= 1 }
        guard colon > 0, let port = Self.port(parsing: bytes, in: (colon + 1)..<bytes.count)
        else { return nil }
        let isBracketed = bytes[0] == UInt8(ascii: "[")
        if isBracketed {
            guard colon >= 2, bytes[colon - 1] == UInt8(ascii: "]") else { return nil }
        }
        let range = isBracketed ? 1..<(colon - 1) : 0..<colon
        guard let address = Address(parsing: bytes, in: range),
            isBracketed == (address.family == .v6)
        else { return nil }
        self.init(address, port: port)
    }
}

extension Endpoint: CustomStringConvertible {
    /// The text `address:port`, an IPv6 address in brackets.
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

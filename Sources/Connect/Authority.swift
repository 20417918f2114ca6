public import Internet

/// The host of an authority: an address, or a name still to be resolved.
public enum Host: Hashable, Sendable {
    /// A literal address; a mapped IPv4 address is already IPv4.
    case address(Address)
    /// A DNS name.
    case name(Name)
}

/// The host and port a client asks to be connected to.
public struct Authority: Hashable, Sendable {
    /// Where to.
    public let host: Host
    /// The TCP port, never 0.
    public let port: UInt16

    /// The authority of `host` and `port`; none if the port is 0.
    public init?(host: Host, port: UInt16) {
        guard port > 0 else { return nil }
        self.host = host
        self.port = port
    }

    /// Reads the authority-form that `range` of `bytes` spells, or nothing.
    ///
    /// RFC 9112 section 3.2.3, strictly: `host:port` and nothing else. The port is mandatory,
    /// digits without sign or leading zero; an IPv6 address stands in brackets and nothing else
    /// does; `::ffff:a.b.c.d` becomes IPv4.
    public init?(parsing bytes: Span<UInt8>, in range: Range<Int>) {
        // The port is at most five digits, so the last colon is near the end.
        var colon = range.upperBound
        repeat {
            colon -= 1
            guard colon > range.lowerBound, range.upperBound - colon <= 6 else { return nil }
        } while bytes[colon] != UInt8(ascii: ":")
        guard let port = Endpoint.port(parsing: bytes, in: (colon + 1)..<range.upperBound),
            let host = Self.host(bytes, range.lowerBound..<colon)
        else { return nil }
        self.init(host: host, port: port)
    }

    /// Writes `host:port`, an IPv6 address in brackets.
    public func write(to sink: inout some ByteSink) {
        switch host {
        case .address(let address):
            Endpoint(address, port: port).write(to: &sink)
        case .name(let name):
            name.write(to: &sink)
            sink.append(UInt8(ascii: ":"))
            sink.append(decimal: port)
        }
    }

    private static func host(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Host? {
        guard bytes[range.lowerBound] == UInt8(ascii: "[") else {
            // A name has no colon, so an IPv6 address without brackets is neither.
            guard let address = Address(parsing: bytes, in: range) else {
                return Name(parsing: bytes, in: range).map(Host.name)
            }
            return address.family == .v4 ? .address(address) : nil
        }
        guard range.count >= 2, bytes[range.upperBound - 1] == UInt8(ascii: "]") else { return nil }
        let inner = (range.lowerBound + 1)..<(range.upperBound - 1)
        guard let address = Address(parsing: bytes, in: inner), address.family == .v6
        else { return nil }
        return .address(address.unmapped)
    }
}

extension Authority: CustomStringConvertible {
    /// The text `host:port`, an IPv6 address in brackets.
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

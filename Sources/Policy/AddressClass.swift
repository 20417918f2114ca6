public import Internet

/// What an address is for, by the special-purpose registries of IANA.
///
/// The cases stand from harmless to worst: where an address falls under several, as IPv6 with an
/// IPv4 address inside does, the worst counts.
public enum AddressClass: UInt8, CaseIterable, Sendable {
    /// Any host of the Internet.
    case `public`
    /// For examples in text.
    case documentation
    /// For measuring devices, RFC 2544 and RFC 5180.
    case benchmarking
    /// Between a provider and its customers, RFC 6598.
    case shared
    /// Within one organisation, RFC 1918, RFC 4193 and RFC 8215.
    case `private`
    /// Within one link; cloud metadata services live here, and so does that of Azure, whose
    /// address is otherwise one of the Internet's.
    case linkLocal
    /// Within this host.
    case loopback
    /// For protocols such as ORCHID and 464XLAT, not for hosts to be dialled.
    case protocolAssignments
    /// Unassigned, deprecated, or set aside.
    case reserved
    /// Every host of the link.
    case broadcast
    /// A group of hosts.
    case multicast
    /// No host, or this one, depending on the system.
    case unspecified

    /// The class of `address`.
    ///
    /// An IPv4 address inside an IPv6 one is judged as well: mapped, compatible, NAT64 by either
    /// prefix, 6to4, Teredo (server and client) and ISATAP.
    public init(_ address: Address) {
        switch address.family {
        case .v4: self.init(version4: UInt32(truncatingIfNeeded: address.low))
        case .v6: self.init(version6: address)
        }
    }

    /// The worse of two classes.
    private func worse(_ other: AddressClass) -> AddressClass {
        rawValue < other.rawValue ? other : self
    }
}

// MARK: IPv4

extension AddressClass {
    /// The class of the IPv4 address `bits`; the table is that of the registry, row by
    /// row, and one that only a provider knows.
    private init(version4 bits: UInt32) {
        self =
            switch bits {
            case 0x0000_0000...0x00ff_ffff: .unspecified  // 0.0.0.0/8
            case 0x0a00_0000...0x0aff_ffff: .private  // 10.0.0.0/8
            case 0x6440_0000...0x647f_ffff: .shared  // 100.64.0.0/10
            case 0x7f00_0000...0x7fff_ffff: .loopback  // 127.0.0.0/8
            case 0xa83f_8110: .linkLocal  // 168.63.129.16, Azure's
            case 0xa9fe_0000...0xa9fe_ffff: .linkLocal  // 169.254.0.0/16
            case 0xac10_0000...0xac1f_ffff: .private  // 172.16.0.0/12
            case 0xc000_0000...0xc000_00ff: .protocolAssignments  // 192.0.0.0/24
            case 0xc000_0200...0xc000_02ff: .documentation  // 192.0.2.0/24
            case 0xc058_6300...0xc058_63ff: .reserved  // 192.88.99.0/24, once 6to4 relays
            case 0xc0a8_0000...0xc0a8_ffff: .private  // 192.168.0.0/16
            case 0xc612_0000...0xc613_ffff: .benchmarking  // 198.18.0.0/15
            case 0xc633_6400...0xc633_64ff: .documentation  // 198.51.100.0/24
            case 0xcb00_7100...0xcb00_71ff: .documentation  // 203.0.113.0/24
            case 0xe000_0000...0xefff_ffff: .multicast  // 224.0.0.0/4
            case 0xffff_ffff: .broadcast
            case 0xf000_0000...: .reserved  // 240.0.0.0/4
            default: .public
            }
    }
}

// MARK: IPv6

extension AddressClass {
    private init(version6 address: Address) {
        let inner = InnerAddresses(address)
        var result =
            inner.isCover ? AddressClass.public : AddressClass(outer: address.high, address.low)
        for index in 0..<inner.count {
            result = result.worse(AddressClass(version4: inner[index]))
        }
        self = result
    }

    /// The class of an address that is more than a cover for an IPv4 one.
    private init(outer high: UInt64, _ low: UInt64) {
        if high == 0 {
            self = low == 1 ? .loopback : .reserved
        } else if high >> 16 == 0x0064_ff9b_0001 {
            self = .private  // 64:ff9b:1::/48, NAT64 within an organisation
        } else {
            self.init(prefix: high)
        }
    }

    /// The class by the prefix alone.
    private init(prefix high: UInt64) {
        self =
            switch high >> 48 {
            case 0x2001 where high >> 16 == 0x2001_0002_0000: .benchmarking  // 2001:2::/48
            case 0x2001 where high >> 32 & 0xffff == 0x0db8: .documentation  // 2001:db8::/32
            case 0x2001 where high >> 32 & 0xffff <= 0x01ff: .protocolAssignments  // 2001::/23
            case 0x3fff where high >> 44 == 0x3fff_0: .documentation  // 3fff::/20
            case 0x2000...0x3fff: .public
            case 0xfc00...0xfdff: .private  // fc00::/7
            case 0xfe80...0xfebf: .linkLocal  // fe80::/10
            case 0xff00...0xffff: .multicast  // ff00::/8
            // fec0::/10, 100::/64, 5f00::/16 and all that is yet to be assigned
            default: .reserved
            }
    }
}

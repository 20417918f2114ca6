internal import Internet

/// The IPv4 addresses inside an IPv6 one: mapped, compatible, NAT64, 6to4, Teredo and ISATAP.
///
/// Whoever forwards such an address may well send to the IPv4 host, so rules look at both.
struct InnerAddresses {
    private var bits = InlineArray<3, UInt32>(repeating: 0)
    private(set) var count = 0
    /// Whether the prefix says that the address is nothing but a cover for what is inside.
    private(set) var isCover = true

    /// What is inside `address`; nothing is inside an IPv4 address.
    init(_ address: Address) {
        guard address.family == .v6 else {
            isCover = false
            return
        }
        let (high, low) = (address.high, address.low)
        let last = UInt32(truncatingIfNeeded: low)
        if high == 0, low != 1, low >> 32 == 0 || low >> 32 == 0xffff {
            add(last)  // ::/96 compatible and ::ffff:0:0/96 mapped; ::1 is itself
        } else if high == 0x0064_ff9b_0000_0000, low >> 32 == 0 {
            add(last)  // 64:ff9b::/96, NAT64
        } else if high >> 32 == 0x2001_0000 {
            // 2001::/32, Teredo: the server, and the client's address with every bit flipped.
            add(UInt32(truncatingIfNeeded: high))
            add(~last)
        } else if high >> 48 == 0x2002 {
            add(UInt32(truncatingIfNeeded: high >> 16))  // 2002::/16, 6to4
        } else {
            isCover = false
        }
        // ISATAP, RFC 5214: the interface identifier is [0|200]:5efe:a.b.c.d under any prefix.
        let identifier = UInt32(truncatingIfNeeded: low >> 32)
        if identifier == 0x0000_5efe || identifier == 0x0200_5efe { add(last) }
    }

    /// The bits of the address at `index`, which is below `count`.
    subscript(index: Int) -> UInt32 { bits[index] }

    private mutating func add(_ address: UInt32) {
        bits[count] = address
        count += 1
    }
}

internal import Internet

/// The IPv4 addresses inside an IPv6 one: mapped, compatible, NAT64, 6to4, Teredo and ISATAP.
///
/// Whoever forwards such an address may well send to the IPv4 host, so rules look at both.
struct InnerAddresses {
    private var bits = InlineArray<5, UInt32>(repeating: 0)
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
            if high >> 16 == 0x0064_ff9b_0001 { addTranslated(high, low) }
        }
        // ISATAP, RFC 5214: the interface identifier is [0|200]:5efe:a.b.c.d under any prefix.
        let identifier = UInt32(truncatingIfNeeded: low >> 32)
        if identifier == 0x0000_5efe || identifier == 0x0200_5efe { add(last) }
    }

    /// The bits of the address at `index`, which is below `count`.
    subscript(index: Int) -> UInt32 { bits[index] }

    /// Whether all of them are public.
    var arePublic: Bool {
        (0..<count).allSatisfy { AddressClass(Address(v4: bits[$0])) == .public }
    }

    /// What NAT64 within an organisation (64:ff9b:1::/48, RFC 8215) has inside by RFC 6052 section
    /// 2.2.
    ///
    /// Nobody tells how long its prefix is. Behind one of 96 bits the address comes last; behind
    /// 64, 56 and 48 it comes earlier, and a translator ignores what follows it. All that it may be
    /// is judged, but for what no host has: an address that begins with 0, one that would end with
    /// 0.0 because nothing but zeros comes before the last 32 bits, and behind 96 bits one that
    /// would end with 0.0.0 where the address can come earlier.
    private mutating func addTranslated(_ high: UInt64, _ low: UInt64) {
        let subnet = UInt32(truncatingIfNeeded: high)
        let middle = UInt32(truncatingIfNeeded: low >> 32)
        let last = UInt32(truncatingIfNeeded: low)
        if middle != 0 {
            // Eight bits of zeros stand behind the first 64 of the whole.
            addHost(UInt32(truncatingIfNeeded: low >> 24))
            addHost(subnet << 24 | middle & 0x00ff_ffff)
            addHost(subnet << 16 | middle >> 8 & 0xffff)
        }
        if count == 0 || last << 8 != 0 { add(last) }
    }

    private mutating func addHost(_ address: UInt32) {
        if address >> 24 != 0 { add(address) }
    }

    private mutating func add(_ address: UInt32) {
        bits[count] = address
        count += 1
    }
}

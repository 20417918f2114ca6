public import Internet

/// The addresses of one target that may be dialled, in the order in which they are tried.
///
/// Within a family the policy table of RFC 6724, section 2.1, decides; addresses of the same
/// precedence keep the order of the answer. The rules that ask for our own source address are
/// left out: knowing it takes a call into the kernel for each address. The family of the address
/// with the highest precedence begins, and then the families take turns (RFC 8305, section 4).
/// Addresses may still come while others have been tried.
public struct Candidates: Sendable {
    private var v6 = AddressList()
    private var v4 = AddressList()
    private var tried6 = 0
    private var tried4 = 0
    private var lastFamily: Address.Family?

    /// No address.
    public init() {}

    /// Whether no address is left to be tried.
    public var isEmpty: Bool { tried6 == v6.count && tried4 == v4.count }

    /// Adds `address`; nobody misses it if the list of its family is full.
    public mutating func insert(_ address: Address) {
        switch address.family {
        case .v6: Candidates.insert(address, into: &v6, from: tried6)
        case .v4: Candidates.insert(address, into: &v4, from: tried4)
        }
    }

    /// The address to be tried next; nil if none is left.
    public mutating func next() -> Address? {
        guard !isEmpty else { return nil }
        let family = nextFamily
        lastFamily = family
        switch family {
        case .v6:
            tried6 += 1
            return v6[tried6 - 1]
        case .v4:
            tried4 += 1
            return v4[tried4 - 1]
        }
    }

    /// The family whose turn it is, of those that have an address left.
    private var nextFamily: Address.Family {
        if tried6 == v6.count { return .v4 }
        if tried4 == v4.count { return .v6 }
        switch lastFamily {
        case .v6: return .v4
        case .v4: return .v6
        case nil:
            let is6First = Candidates.precedence(v6[0]) >= Candidates.precedence(v4[0])
            return is6First ? .v6 : .v4
        }
    }

    /// Puts `address` behind all of at least its precedence, but not before `first`.
    private static func insert(
        _ address: Address,
        into list: inout AddressList,
        from first: Int
    ) {
        let own = precedence(address)
        var place = list.count
        while place > first, precedence(list[place - 1]) < own { place -= 1 }
        list.insert(address, at: place)
    }

    /// The precedence of an address by the policy table; the higher, the sooner.
    package static func precedence(_ address: Address) -> Int {
        // IPv4 stands in the table as ::ffff:0:0/96.
        if address.family == .v4 { return 35 }
        let high = address.high
        if high == 0 {
            if address.low == 1 { return 50 }
            if address.low >> 32 == 0xffff { return 35 }
            if address.low >> 32 == 0 { return 1 }
        }
        if high >> 48 == 0x2002 { return 30 }
        if high >> 32 == 0x2001_0000 { return 5 }
        if high >> 57 == 0xfc >> 1 { return 3 }
        if high >> 54 == 0xfec0 >> 6 { return 1 }
        if high >> 48 == 0x3ffe { return 1 }
        return 40
    }
}

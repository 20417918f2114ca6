public import Internet

/// Up to thirty-two addresses in the order in which they should be tried, stored in place.
public struct Candidates: Sendable {
    /// How many addresses fit: two full lists.
    public static var countMax: Int { 32 }

    /// How many addresses there are.
    public private(set) var count = 0
    private var addresses = InlineArray<32, Address>(repeating: Address(v4: 0))

    /// An empty list.
    public init() {}

    /// The address to be tried at turn `index`, counted from zero.
    public subscript(index: Int) -> Address {
        precondition(index >= 0 && index < count)
        return addresses[index]
    }

    /// Adds `address` as the last to be tried; false if the list is full.
    @discardableResult
    public mutating func append(_ address: Address) -> Bool {
        guard count < Candidates.countMax else { return false }
        addresses[count] = address
        count += 1
        return true
    }
}

/// In which order the addresses of a name are tried.
///
/// Within a family the policy table of RFC 6724, section 2.1, decides; addresses of the same
/// precedence keep the order of the answer. The rules that ask for our own source address are
/// left out: knowing it takes a call into the kernel for each address. The families then take
/// turns, IPv6 first (RFC 8305, section 4).
public enum AddressOrder {
    /// The addresses of both lists in the order in which they should be tried.
    public static func order(v6: AddressList, v4: AddressList) -> Candidates {
        let first = sorted(v6)
        let second = sorted(v4)
        var candidates = Candidates()
        for index in 0..<max(first.count, second.count) {
            if index < first.count { candidates.append(first[index]) }
            if index < second.count { candidates.append(second[index]) }
        }
        return candidates
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

    /// The list by falling precedence.
    ///
    /// Stable; an insertion sort suits sixteen addresses.
    private static func sorted(_ list: AddressList) -> AddressList {
        var order = InlineArray<16, Int>(repeating: 0)
        for index in 0..<list.count {
            let own = precedence(list[index])
            var place = index
            while place > 0, precedence(list[order[place - 1]]) < own {
                order[place] = order[place - 1]
                place -= 1
            }
            order[place] = index
        }
        var result = AddressList()
        for index in 0..<list.count { result.append(list[order[index]]) }
        return result
    }
}

public import Internet

/// What is known about one address family of a name.
public enum FamilyAnswer: Equatable, Sendable {
    /// The question is on its way.
    case pending
    /// There are addresses.
    case addresses
    /// The name exists, but has no address of this family (NODATA).
    case none
    /// The name does not exist (NXDOMAIN).
    case notFound
    /// The servers failed, refused, said something that can't be understood, or weren't asked for
    /// want of room.
    case failed
    /// No server answered in time.
    case timedOut
}

/// Up to sixteen addresses of one family, stored in place.
public struct AddressList: Sendable {
    /// How many addresses fit.
    ///
    /// More than that are dropped: nobody dials the seventeenth.
    public static var countMax: Int { 16 }

    /// How many addresses there are.
    public private(set) var count = 0
    private var addresses = InlineArray<16, Address>(repeating: Address(v4: 0))

    /// An empty list.
    public init() {}

    /// The address at `index`, in the order in which the addresses were appended.
    public subscript(index: Int) -> Address {
        precondition(index >= 0 && index < count)
        return addresses[index]
    }

    /// Adds `address` at the end; false if the list is full.
    @discardableResult
    public mutating func append(_ address: Address) -> Bool {
        guard count < AddressList.countMax else { return false }
        addresses[count] = address
        count += 1
        return true
    }

    /// Adds `address` before the one at `index`, or at the end; false if the list is full.
    @discardableResult
    public mutating func insert(_ address: Address, at index: Int) -> Bool {
        precondition(index >= 0 && index <= count)
        guard append(address) else { return false }
        var place = count - 1
        while place > index {
            addresses[place] = addresses[place - 1]
            place -= 1
        }
        addresses[index] = address
        return true
    }

    /// Whether `address` is in the list.
    public func contains(_ address: Address) -> Bool {
        for index in 0..<count where addresses[index] == address { return true }
        return false
    }
}

/// What is known about a name, one family beside the other.
public struct NameAnswer: Sendable {
    /// What is known about the IPv6 addresses.
    public var v6: FamilyAnswer
    /// What is known about the IPv4 addresses.
    public var v4: FamilyAnswer
    /// The IPv6 addresses, in the order of the answer.
    ///
    /// Empty unless `v6` is `.addresses`.
    public var v6Addresses: AddressList
    /// The IPv4 addresses, in the order of the answer.
    ///
    /// Empty unless `v4` is `.addresses`.
    public var v4Addresses: AddressList

    /// An answer that says the same of both families and holds no address.
    public init(both answer: FamilyAnswer) {
        v6 = answer
        v4 = answer
        v6Addresses = AddressList()
        v4Addresses = AddressList()
    }

    /// An answer from two lists; an empty list means that the family has no address.
    public init(v6 v6List: AddressList, v4 v4List: AddressList) {
        v6 = v6List.count > 0 ? .addresses : .none
        v4 = v4List.count > 0 ? .addresses : .none
        v6Addresses = v6List
        v4Addresses = v4List
    }

    /// Whether nothing more will come.
    public var isComplete: Bool {
        v6 != .pending && v4 != .pending
    }

    /// The answer with `answer` for each family that is still pending.
    func replacingPending(by answer: FamilyAnswer) -> NameAnswer {
        var result = self
        if v6 == .pending { result.v6 = answer }
        if v4 == .pending { result.v4 = answer }
        return result
    }
}

extension Name {
    /// Whether this is `invalid` or below it, which RFC 6761 binds to absence.
    var isInvalid: Bool {
        let suffix = "invalid".utf8
        var index = count - suffix.count
        guard index >= 0, index == 0 || self[index - 1] == UInt8(ascii: ".") else { return false }
        for byte in suffix {
            guard self[index] == byte else { return false }
            index += 1
        }
        return true
    }
}

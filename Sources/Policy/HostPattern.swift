public import Connect
public import Internet

/// The hosts that a rule is about: one, or all names below one.
public enum HostPattern: Hashable, Sendable {
    /// This name or literal address, and nothing else.
    case exactly(Host)
    /// Every name that ends with a dot and this one: `*.example.com`, but not `example.com`.
    case below(Name)

    /// Reads `name`, `*.name` or an address (IPv6 with or without brackets), or nothing.
    ///
    /// Case doesn't matter, nor does a trailing dot. Names beyond ASCII are written as clients send
    /// them, in their `xn--` form.
    public init?(_ text: String) {
        if text.hasPrefix("*.") {
            guard let name = Name(String(text.dropFirst(2))) else { return nil }
            self = .below(name)
        } else if let address = HostPattern.address(text) {
            self = .exactly(.address(address.unmapped))
        } else if let name = Name(text) {
            self = .exactly(.name(name))
        } else {
            return nil
        }
    }

    /// Whether it is an address.
    public var isAddress: Bool {
        if case .exactly(.address) = self { true } else { false }
    }

    /// Whether `host` is one of those.
    public func matches(_ host: Host) -> Bool {
        switch self {
        case .exactly(let only): return only == host
        case .below(let suffix):
            guard case .name(let name) = host, name.count > suffix.count + 1 else { return false }
            let start = name.count - suffix.count
            guard name[start - 1] == UInt8(ascii: ".") else { return false }
            return (0..<suffix.count).allSatisfy { name[start + $0] == suffix[$0] }
        }
    }

    private static func address(_ text: String) -> Address? {
        guard text.hasPrefix("["), text.hasSuffix("]") else { return Address(text) }
        return Address(String(text.dropFirst().dropLast())).flatMap { $0.family == .v6 ? $0 : nil }
    }
}

extension HostPattern: CustomStringConvertible {
    /// The text that is read as this pattern.
    public var description: String {
        switch self {
        case .exactly(.address(let address)): "\(address)"
        case .exactly(.name(let name)): "\(name)"
        case .below(let name): "*.\(name)"
        }
    }
}

public import Internet

/// A pattern of DNS names: one name, or all names below one.
public struct NamePattern: Equatable, Sendable {
    private let name: Name
    private let isSuffix: Bool

    /// Reads `a.example`, which means that name, or `*.a.example`, which means each name below it
    /// but not itself; or nothing.
    public init?(_ text: String) {
        isSuffix = text.hasPrefix("*.")
        guard let name = Name(isSuffix ? String(text.dropFirst(2)) : text) else { return nil }
        self.name = name
    }

    /// Whether the pattern means `other`.
    public func matches(_ other: Name) -> Bool {
        guard isSuffix else { return other == name }
        let start = other.count - name.count
        guard start > 1, other[start - 1] == UInt8(ascii: ".") else { return false }
        for index in 0..<name.count where name[index] != other[start + index] { return false }
        return true
    }
}

extension NamePattern: CustomStringConvertible {
    /// The form that is read.
    public var description: String { (isSuffix ? "*." : "") + name.description }
}

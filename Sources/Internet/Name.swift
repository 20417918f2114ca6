/// A DNS name held inline: lower-case ASCII without the trailing dot.
///
/// The letters are folded once, here, so that two spellings of one name are equal everywhere.
public struct Name: Sendable {
    private var storage: InlineArray<255, UInt8>
    private let length: UInt8

    /// How many bytes the name has, dots included; at most 253.
    public var count: Int { Int(length) }

    /// Reads the name that `range` of `bytes` spells, or nothing.
    ///
    /// Labels are 1 to 63 letters, digits, `-` and `_`. One trailing dot is accepted and dropped. A
    /// last label that begins or ends with `-` is refused: no top-level domain does. So is one of
    /// digits only, or one that begins with `0x`: some resolvers read such names as IPv4 addresses.
    public init?(parsing bytes: Span<UInt8>, in range: Range<Int>) {
        var end = range.upperBound
        if !range.isEmpty, bytes[end - 1] == UInt8(ascii: ".") { end -= 1 }
        let count = end - range.lowerBound
        guard (1...253).contains(count) else { return nil }
        var storage = InlineArray<255, UInt8>(repeating: 0)
        var labelStart = range.lowerBound
        for index in range.lowerBound..<end {
            let byte = bytes[index]
            if byte == UInt8(ascii: ".") {
                guard Self.isLabel(labelStart..<index) else { return nil }
                storage[index - range.lowerBound] = byte
                labelStart = index + 1
            } else {
                guard let folded = Self.folded(byte) else { return nil }
                storage[index - range.lowerBound] = folded
            }
        }
        let hyphen = UInt8(ascii: "-")
        guard Self.isLabel(labelStart..<end), !Self.isNumeric(bytes, labelStart..<end),
            bytes[labelStart] != hyphen, bytes[end - 1] != hyphen
        else { return nil }
        self.storage = storage
        length = UInt8(count)
    }

    /// Reads the name that the whole of `text` spells, or nothing.
    public init?(_ text: String) {
        let bytes = text.utf8.span
        self.init(parsing: bytes, in: 0..<bytes.count)
    }

    /// The byte at `index`, which is below `count`.
    public subscript(index: Int) -> UInt8 {
        precondition(index < count)
        return storage[index]
    }

    /// Whether this is `localhost` or below it, which RFC 6761 binds to loopback.
    public var isLocalhost: Bool {
        let suffix = "localhost".utf8
        guard count >= suffix.count else { return false }
        var index = count - suffix.count
        guard index == 0 || storage[index - 1] == UInt8(ascii: ".") else { return false }
        for byte in suffix {
            guard storage[index] == byte else { return false }
            index += 1
        }
        return true
    }

    /// Writes the name.
    public func write(to sink: inout some ByteSink) {
        for index in 0..<count { sink.append(storage[index]) }
    }

    /// The byte as a name holds it; none if a label can't have it.
    private static func folded(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            byte
        case UInt8(ascii: "A")...UInt8(ascii: "Z"):
            byte | 0x20
        default:
            nil
        }
    }

    private static func isLabel(_ range: Range<Int>) -> Bool { (1...63).contains(range.count) }

    private static func isNumeric(_ bytes: Span<UInt8>, _ label: Range<Int>) -> Bool {
        let first = label.lowerBound
        let isPrefixed = label.count >= 2 && bytes[first] == UInt8(ascii: "0")
        if isPrefixed, bytes[first + 1] | 0x20 == UInt8(ascii: "x") { return true }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        for index in label where !digits.contains(bytes[index]) { return false }
        return true
    }
}

extension Name: Hashable {
    /// Whether both names have the same bytes.
    public static func == (left: Name, right: Name) -> Bool {
        guard left.length == right.length else { return false }
        for index in 0..<left.count where left.storage[index] != right.storage[index] {
            return false
        }
        return true
    }

    /// Feeds the bytes of the name, eight at a time.
    public func hash(into hasher: inout Hasher) {
        var word: UInt64 = 0
        for index in 0..<count {
            word = word << 8 | UInt64(storage[index])
            if index & 7 == 7 { hasher.combine(word) }
        }
        hasher.combine(word)
        hasher.combine(length)
    }
}

extension Name: CustomStringConvertible {
    /// The text of the name.
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

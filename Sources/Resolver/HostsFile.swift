public import Internet

/// The names that the machine's owner gave to addresses: a parsed `/etc/hosts`.
///
/// Read once, then only looked at. Lines that can't be read are skipped, as everywhere; several
/// lines for a name add up.
public struct HostsFile: Sendable {
    private struct Lists: Sendable {
        var v6 = AddressList()
        var v4 = AddressList()
    }

    private var places: [Name: Int] = [:]
    private var lists: [Lists] = []

    /// A file without names.
    public init() {}

    /// Reads the lines of `text`.
    public init(text: String) {
        self.init(bytes: text.utf8.span)
    }

    /// Reads the lines of `bytes`.
    public init(bytes: Span<UInt8>) {
        var start = 0
        for index in 0...bytes.count
        where index == bytes.count || bytes[index] == UInt8(ascii: "\n") {
            read(bytes, line: start..<index)
            start = index + 1
        }
    }

    /// How many names there are.
    public var count: Int { lists.count }

    /// The addresses of `name`, complete, or nil if the file does not name it.
    public func answer(for name: Name) -> NameAnswer? {
        guard !lists.isEmpty, let place = places[name] else { return nil }
        return NameAnswer(v6: lists[place].v6, v4: lists[place].v4)
    }

    /// An address, then names, up to the end of the line or a number sign.
    private mutating func read(_ bytes: Span<UInt8>, line: Range<Int>) {
        var position = line.lowerBound
        guard let first = HostsFile.nextWord(bytes, &position, line.upperBound),
            let address = Address(parsing: bytes, in: first)
        else { return }
        while let word = HostsFile.nextWord(bytes, &position, line.upperBound) {
            guard let name = Name(parsing: bytes, in: word) else { continue }
            append(address, to: name)
        }
    }

    private mutating func append(_ address: Address, to name: Name) {
        let place: Int
        if let known = places[name] {
            place = known
        } else {
            place = lists.count
            places[name] = place
            lists.append(Lists())
        }
        switch address.family {
        case .v6 where !lists[place].v6.contains(address): lists[place].v6.append(address)
        case .v4 where !lists[place].v4.contains(address): lists[place].v4.append(address)
        default: break
        }
    }

    private static func nextWord(
        _ bytes: Span<UInt8>,
        _ position: inout Int,
        _ end: Int
    ) -> Range<Int>? {
        while position < end, isBlank(bytes[position]) { position += 1 }
        let start = position
        while position < end, !isBlank(bytes[position]), bytes[position] != UInt8(ascii: "#") {
            position += 1
        }
        return start < position ? start..<position : nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}

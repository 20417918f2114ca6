import Internet

/// One field line: where its name and its value stand (RFC 9112 section 5).
struct FieldLine {
    let name: Range<Int>
    /// The value without the blanks around it.
    let value: Range<Int>

    /// Reads `line`, which is free of control characters but for tabs.
    init(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(Refusal) {
        guard !Self.isBlank(bytes[line.lowerBound]) else { throw .foldedField }
        var colon = line.lowerBound
        while colon < line.upperBound, Octet.isToken(bytes[colon]) { colon += 1 }
        guard colon > line.lowerBound, colon < line.upperBound else { throw .malformedField }
        guard bytes[colon] == UInt8(ascii: ":") else {
            throw Self.isBlank(bytes[colon]) ? .spaceBeforeColon : .malformedField
        }
        name = line.lowerBound..<colon
        value = Self.trimmed(bytes, (colon + 1)..<line.upperBound)
    }

    /// Whether the field's name is `lowercase`, in any case.
    func isNamed(_ bytes: Span<UInt8>, _ lowercase: String) -> Bool {
        Self.spells(bytes, name, lowercase)
    }

    /// Whether the whole value is `lowercase`, in any case.
    func hasValue(_ bytes: Span<UInt8>, _ lowercase: String) -> Bool {
        Self.spells(bytes, value, lowercase)
    }

    /// Whether one of the elements of the value, a list with commas, is `lowercase`, in any case.
    func lists(_ bytes: Span<UInt8>, _ lowercase: String) -> Bool {
        var start = value.lowerBound
        for index in value.lowerBound...value.upperBound {
            let isEnd = index == value.upperBound || bytes[index] == UInt8(ascii: ",")
            guard isEnd else { continue }
            if Self.spells(bytes, Self.trimmed(bytes, start..<index), lowercase) { return true }
            start = index + 1
        }
        return false
    }

    /// Whether the last element of the value, a list with commas, is `lowercase`, in any case, and
    /// no other one is.
    func ends(_ bytes: Span<UInt8>, _ lowercase: String) -> Bool {
        var start = value.lowerBound
        for index in value where bytes[index] == UInt8(ascii: ",") {
            if Self.spells(bytes, Self.trimmed(bytes, start..<index), lowercase) { return false }
            start = index + 1
        }
        return Self.spells(bytes, Self.trimmed(bytes, start..<value.upperBound), lowercase)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == Octet.space || byte == Octet.tab
    }

    private static func trimmed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, isBlank(bytes[start]) { start += 1 }
        while start < end, isBlank(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    /// Whether `range` of `bytes` is `lowercase`, in any case of letters.
    static func spells(_ bytes: Span<UInt8>, _ range: Range<Int>, _ lowercase: String) -> Bool {
        let expected = lowercase.utf8.span
        guard range.count == expected.count else { return false }
        for index in expected.indices {
            let byte = bytes[range.lowerBound + index]
            let folded = Octet.isLetter(byte) ? byte | 0x20 : byte
            guard folded == expected[index] else { return false }
        }
        return true
    }
}

// MARK: The value of Host

extension FieldLine {
    /// Whether the value is `uri-host [":" port]` of RFC 9110 section 7.2, the host not empty.
    ///
    /// Only the syntax counts: whom to connect to is the request line's word alone.
    static func isHost(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Bool {
        guard !value.isEmpty else { return false }
        var index = value.lowerBound
        if bytes[index] == UInt8(ascii: "[") {
            while index < value.upperBound, bytes[index] != UInt8(ascii: "]") { index += 1 }
            guard index < value.upperBound,
                let address = Address(parsing: bytes, in: (value.lowerBound + 1)..<index),
                address.family == .v6
            else { return false }
            index += 1
        } else {
            while index < value.upperBound, bytes[index] != UInt8(ascii: ":") {
                let length = registeredNameLength(bytes, index..<value.upperBound)
                guard length > 0 else { return false }
                index += length
            }
            guard index > value.lowerBound else { return false }
        }
        return isPort(bytes, index..<value.upperBound)
    }

    /// Whether the value is the authority at `target`, an IPv6 address in brackets with its port,
    /// but for the brackets.
    ///
    /// That is no Host (RFC 9112 section 3.2), but http.client of Python 3.12 and later sends it.
    static func isUnbracketed(
        _ bytes: Span<UInt8>,
        _ value: Range<Int>,
        of target: Range<Int>
    ) -> Bool {
        guard bytes[target.lowerBound] == UInt8(ascii: "["), value.count == target.count - 2
        else { return false }
        var index = value.lowerBound
        for place in target
        where bytes[place] != UInt8(ascii: "[") && bytes[place] != UInt8(ascii: "]") {
            guard index < value.upperBound, bytes[index] == bytes[place] else { return false }
            index += 1
        }
        return index == value.upperBound
    }

    /// How many bytes the next character of a registered name takes; 0 if it can't stand there.
    private static func registeredNameLength(_ bytes: Span<UInt8>, _ rest: Range<Int>) -> Int {
        let start = rest.lowerBound
        if Octet.isRegisteredName(bytes[start]) { return 1 }
        guard bytes[start] == UInt8(ascii: "%"), rest.count >= 3,
            Octet.isHexadecimalDigit(bytes[start + 1]),
            Octet.isHexadecimalDigit(bytes[start + 2])
        else { return 0 }
        return 3
    }

    /// Whether `range` is nothing, or a colon and any number of digits up to 65535.
    private static func isPort(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty else { return true }
        guard bytes[range.lowerBound] == UInt8(ascii: ":") else { return false }
        var port = 0
        for index in (range.lowerBound + 1)..<range.upperBound {
            guard Octet.isDigit(bytes[index]) else { return false }
            port = port * 10 + Int(bytes[index] - UInt8(ascii: "0"))
            guard port <= 65535 else { return false }
        }
        return true
    }
}

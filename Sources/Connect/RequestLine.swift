/// What is kept of `CONNECT authority HTTP/1.x`.
struct RequestLine {
    /// Where the authority stands.
    let target: Range<Int>
    /// The digit after `HTTP/1.`.
    let minorVersion: UInt8

    /// The request line of a head that has none yet.
    init() {
        target = 0..<0
        minorVersion = 0
    }

    /// Reads `line`, which is free of control characters but for tabs.
    ///
    /// The version is judged before the method, so that a newer HTTP is answered with its own
    /// fault, and the target last: only CONNECT has an authority there.
    init(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(Refusal) {
        var index = line.lowerBound
        while index < line.upperBound, Octet.isToken(bytes[index]) { index += 1 }
        let method = line.lowerBound..<index
        guard !method.isEmpty, index < line.upperBound, bytes[index] == Octet.space
        else { throw .malformedRequestLine }
        let targetStart = index + 1
        index = targetStart
        while index < line.upperBound, bytes[index] != Octet.space { index += 1 }
        guard index < line.upperBound else { throw .malformedRequestLine }
        target = targetStart..<index
        minorVersion = try Self.minorVersion(bytes, (index + 1)..<line.upperBound)
        guard Self.spells(bytes, method, "CONNECT") else {
            throw Self.isKnown(bytes, method) ? .methodNotAllowed : .methodUnknown
        }
        guard Authority(parsing: bytes, in: target) != nil else { throw .malformedAuthority }
    }

    private static func minorVersion(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>
    ) throws(Refusal) -> UInt8 {
        let start = range.lowerBound
        guard range.count == 8, spells(bytes, start..<(start + 5), "HTTP/"),
            Octet.isDigit(bytes[start + 5]), bytes[start + 6] == UInt8(ascii: "."),
            Octet.isDigit(bytes[start + 7])
        else { throw .malformedVersion }
        guard bytes[start + 5] == UInt8(ascii: "1") else { throw .unsupportedVersion }
        return bytes[start + 7] - UInt8(ascii: "0")
    }

    private static func isKnown(_ bytes: Span<UInt8>, _ method: Range<Int>) -> Bool {
        spells(bytes, method, "GET") || spells(bytes, method, "HEAD")
            || spells(bytes, method, "POST") || spells(bytes, method, "PUT")
            || spells(bytes, method, "DELETE") || spells(bytes, method, "OPTIONS")
            || spells(bytes, method, "TRACE") || spells(bytes, method, "PATCH")
    }

    /// Whether `range` of `bytes` is exactly `literal`; methods and versions know case.
    private static func spells(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        _ literal: String
    ) -> Bool {
        let expected = literal.utf8.span
        guard range.count == expected.count else { return false }
        for index in expected.indices where bytes[range.lowerBound + index] != expected[index] {
            return false
        }
        return true
    }
}

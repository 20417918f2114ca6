/// What is kept of `method target HTTP/1.x`.
struct RequestLine: Sendable {
    /// Where the method stands.
    let method: Range<Int>
    /// Where the target stands.
    let target: Range<Int>
    /// The digit after `HTTP/1.`.
    let minorVersion: UInt8

    /// The request line of a head that has none yet.
    init() {
        method = 0..<0
        target = 0..<0
        minorVersion = 0
    }

    /// Reads `line`, which is free of control characters but for tabs.
    ///
    /// The version is judged before the method, so that a newer HTTP is answered with its own
    /// fault.
    init(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(Refusal) {
        var index = line.lowerBound
        while index < line.upperBound, Octet.isToken(bytes[index]) { index += 1 }
        method = line.lowerBound..<index
        guard !method.isEmpty, index < line.upperBound, bytes[index] == Octet.space
        else { throw .malformedRequestLine }
        let targetStart = index + 1
        index = targetStart
        while index < line.upperBound, bytes[index] != Octet.space { index += 1 }
        guard index < line.upperBound else { throw .malformedRequestLine }
        target = targetStart..<index
        minorVersion = try Self.minorVersion(bytes, (index + 1)..<line.upperBound)
    }

    /// Refuses all but `CONNECT authority`; the target is judged last, as only CONNECT has an
    /// authority there.
    func requireConnect(_ bytes: Span<UInt8>) throws(Refusal) {
        guard Self.spells(bytes, method, "CONNECT") else {
            throw refusal(ofMethod: bytes)
        }
        guard Authority(parsing: bytes, in: target) != nil else { throw .malformedAuthority }
    }

    /// The method, if it is one of the tunnel without CONNECT.
    func method(_ bytes: Span<UInt8>) -> RequestMethod? {
        if Self.spells(bytes, method, "GET") { return .get }
        if Self.spells(bytes, method, "POST") { return .post }
        if Self.spells(bytes, method, "PUT") { return .put }
        return Self.spells(bytes, method, "DELETE") ? .delete : nil
    }

    /// Why the method, which isn't the one that is wanted, is refused.
    func refusal(ofMethod bytes: Span<UInt8>) -> Refusal {
        if Self.spells(bytes, method, "HEAD") { return .headNotAllowed }
        return hasKnownMethod(bytes) ? .methodNotAllowed : .methodUnknown
    }

    /// Whether everyone knows the method.
    private func hasKnownMethod(_ bytes: Span<UInt8>) -> Bool {
        method(bytes) != nil || Self.spells(bytes, method, "CONNECT")
            || Self.spells(bytes, method, "OPTIONS") || Self.spells(bytes, method, "TRACE")
            || Self.spells(bytes, method, "PATCH")
    }

    /// The digit after `HTTP/1.`.
    static func minorVersion(
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

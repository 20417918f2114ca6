public import Internet

/// Credentials of the scheme Basic (RFC 7617): a user, a colon, a password.
public struct BasicCredentials: Equatable, Sendable {
    /// Bytes that user, colon and password may have together.
    public static var byteCountMax: Int { 512 }

    /// Bytes of the user's name, one at least.
    public private(set) var userByteCount = 0
    /// Bytes of user, colon and password.
    public private(set) var byteCount = 0

    /// Decodes the value of a Proxy-Authorization field in `value` of `bytes` into `sink`, as it
    /// stands: no copy of it is made.
    ///
    /// Nil, and part of it may have been written, unless it is Basic, well-formed, without control
    /// characters (RFC 7617 section 2) and not too long.
    public init?(parsing bytes: Span<UInt8>, in value: Range<Int>, into sink: inout some ByteSink) {
        guard let start = Self.token(bytes, value),
            decode(bytes, start..<value.upperBound, &sink), userByteCount > 0
        else { return nil }
    }

    /// What `value` takes, for messages.
    public static var form: String {
        "USER:PASSWORD, without control characters and at most \(byteCountMax) bytes"
    }

    /// The value of a Proxy-Authorization field with `credentials`, which are a user, a colon and a
    /// password; nil unless they are that.
    public static func value(_ credentials: [UInt8]) -> [UInt8]? {
        let isPlain = credentials.allSatisfy { $0 >= Octet.space && $0 != Octet.delete }
        guard isPlain, credentials.count <= byteCountMax,
            let colon = credentials.firstIndex(of: UInt8(ascii: ":")), colon > 0
        else { return nil }
        return encoded(credentials)
    }

    /// The value of such a field for any bytes.
    public static func encoded(_ credentials: [UInt8]) -> [UInt8] {
        let letters = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
        )
        var text = Array("Basic ".utf8)
        for start in stride(from: 0, to: credentials.count, by: 3) {
            let group = credentials[start..<min(start + 3, credentials.count)]
            let bits = (0..<3).reduce(UInt32(0)) { bits, index in
                bits << 8 | (index < group.count ? UInt32(group[start + index]) : 0)
            }
            for place in 0...group.count {
                text.append(letters[Int(bits >> UInt32(18 - 6 * place)) & 63])
            }
            text += Array(repeating: UInt8(ascii: "="), count: 3 - group.count)
        }
        return text
    }

    /// Takes one decoded byte; whether it may stand there.
    private mutating func take(_ byte: UInt8) -> Bool {
        guard byteCount < Self.byteCountMax, byte >= Octet.space, byte != Octet.delete else {
            return false
        }
        if byte == UInt8(ascii: ":"), userByteCount == 0 { userByteCount = byteCount }
        byteCount += 1
        return true
    }

    /// Where the token begins behind the scheme, if that is Basic in any case.
    private static func token(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Int? {
        let scheme = "basic ".utf8.span
        guard value.count > scheme.count else { return nil }
        for index in scheme.indices {
            let byte = bytes[value.lowerBound + index]
            guard (Octet.isLetter(byte) ? byte | 0x20 : byte) == scheme[index] else { return nil }
        }
        var start = value.lowerBound + scheme.count
        while start < value.upperBound, bytes[start] == Octet.space { start += 1 }
        return start
    }

    /// Decodes base64 (RFC 4648 section 4); the padding may be left out.
    private mutating func decode(
        _ text: Span<UInt8>,
        _ range: Range<Int>,
        _ sink: inout some ByteSink
    ) -> Bool {
        var end = range.upperBound
        while end > range.lowerBound, range.upperBound - end < 2, text[end - 1] == UInt8(ascii: "=")
        {
            end -= 1
        }
        guard end == range.upperBound || range.count % 4 == 0 else { return false }
        var bits: UInt32 = 0
        var bitCount = 0
        for index in range.lowerBound..<end {
            guard let value = Self.value(text[index]) else { return false }
            bits = bits << 6 | value
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            let byte = UInt8(truncatingIfNeeded: bits >> UInt32(bitCount))
            guard take(byte) else { return false }
            sink.append(byte)
        }
        // Bits that are left over say nothing, so there is one text for each credentials.
        return bitCount < 6 && bits & (1 << UInt32(bitCount) - 1) == 0
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

public import Internet

/// What names a session: 128 bits that nobody can guess.
public struct SessionID: Hashable, Sendable, BitwiseCopyable {
    /// Bytes of an id.
    public static var byteCount: Int { 16 }
    /// Digits of its text.
    public static var digitCount: Int { 32 }

    private let high: UInt64
    private let low: UInt64

    /// The id of two random numbers.
    public init(_ high: UInt64, _ low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads 32 lower-case hexadecimal digits, or nothing.
    public init?(parsing bytes: Span<UInt8>, in range: Range<Int>) {
        let middle = range.lowerBound + 16
        guard range.count == Self.digitCount,
            let high = Digits.hexadecimal(bytes, range.lowerBound..<middle),
            let low = Digits.hexadecimal(bytes, middle..<range.upperBound)
        else { return nil }
        self.init(high, low)
    }

    /// The one of `count` parts of a server that has the session.
    public func home(of count: Int) -> Int { Int(low % UInt64(count)) }

    /// Compares all bits, so that the time tells nothing.
    public static func == (left: SessionID, right: SessionID) -> Bool {
        (left.high ^ right.high) | (left.low ^ right.low) == 0
    }

    /// Writes 32 lower-case hexadecimal digits.
    public func write(to sink: inout some ByteSink) {
        Digits.write(hexadecimal: high, to: &sink)
        Digits.write(hexadecimal: low, to: &sink)
    }

    /// Writes 16 bytes.
    public func writeBytes(to sink: inout some ByteSink) {
        Digits.write(bytes: high, to: &sink)
        Digits.write(bytes: low, to: &sink)
    }

    /// Reads 16 bytes from `start` on, or nothing if there are fewer.
    public init?(bytes: Span<UInt8>, at start: Int) {
        guard bytes.count - start >= Self.byteCount else { return nil }
        self.init(Digits.number(bytes, start), Digits.number(bytes, start + 8))
    }
}

/// Numbers as they stand in targets and bodies.
enum Digits {
    /// Reads digits without sign or leading zeros, below 2^62.
    static func decimal(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard (1...19).contains(range.count) else { return nil }
        guard range.count == 1 || bytes[range.lowerBound] != UInt8(ascii: "0") else { return nil }
        var value: UInt64 = 0
        for index in range {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + UInt64(digit)
        }
        return value < Frame.positionLimit ? value : nil
    }

    /// Reads 16 lower-case digits.
    static func hexadecimal(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard range.count == 16 else { return nil }
        var value: UInt64 = 0
        for index in range {
            let byte = bytes[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            value = value << 4 | UInt64(digit)
        }
        return value
    }

    /// Writes 16 lower-case digits.
    static func write(hexadecimal value: UInt64, to sink: inout some ByteSink) {
        for index in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - index * 4)) & 0xf
            sink.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    /// Reads eight bytes from `start` on.
    static func number(_ bytes: Span<UInt8>, _ start: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<8 { value = value << 8 | UInt64(bytes[start + index]) }
        return value
    }

    /// Reads four bytes from `start` on.
    static func shortNumber(_ bytes: Span<UInt8>, _ start: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in 0..<4 { value = value << 8 | UInt32(bytes[start + index]) }
        return value
    }

    /// Writes eight bytes.
    static func write(bytes value: UInt64, to sink: inout some ByteSink) {
        for index in 0..<8 {
            sink.append(UInt8(truncatingIfNeeded: value >> UInt64(56 - index * 8)))
        }
    }

    /// Writes four bytes.
    static func write(bytes value: UInt32, to sink: inout some ByteSink) {
        for index in 0..<4 {
            sink.append(UInt8(truncatingIfNeeded: value >> UInt32(24 - index * 8)))
        }
    }
}

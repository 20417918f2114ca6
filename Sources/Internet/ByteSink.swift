/// A place text is written to, byte by byte.
///
/// Addresses, names and answers write themselves into one instead of returning a `String`, so that
/// writing them allocates nothing.
public protocol ByteSink {
    /// Takes the next byte.
    mutating func append(_ byte: UInt8)
}

extension ByteSink {
    /// Writes the UTF-8 of `text`; a literal costs no allocation.
    @inlinable
    public mutating func append(_ text: String) {
        let bytes = text.utf8.span
        for index in bytes.indices { append(bytes[index]) }
    }

    /// Writes `value` in decimal digits.
    @inlinable
    public mutating func append(decimal value: some FixedWidthInteger & UnsignedInteger) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var rest = UInt64(value)
        var index = digits.count
        repeat {
            index -= 1
            digits[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        while index < digits.count {
            append(digits[index])
            index += 1
        }
    }

    /// Writes `value` in lower-case hexadecimal digits without leading zeros.
    @inlinable
    public mutating func append(hexadecimal value: UInt16) {
        var shift = 12
        while shift > 0, value >> UInt16(shift) == 0 { shift -= 4 }
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt16(shift)) & 0xf
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            shift -= 4
        }
    }
}

/// An array of bytes collects what is written; for descriptions and tests, not for hot paths.
extension Array: ByteSink where Element == UInt8 {}

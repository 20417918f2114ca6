// The text form of addresses: one strict spelling in, one canonical spelling out.

extension Address {
    /// Reads the address that `range` of `bytes` spells, or nothing.
    ///
    /// IPv4 is four decimal octets without leading zeros and nothing else: none of the spellings
    /// `inet_aton` adds. IPv6 is RFC 4291 text with `::` and a trailing dotted IPv4, no zone.
    public init?(parsing bytes: Span<UInt8>, in range: Range<Int>) {
        if let address = Self.parseVersion4(bytes, range) {
            self.init(v4: address)
        } else if let address = Self.parseVersion6(bytes, range) {
            self = address
        } else {
            return nil
        }
    }

    /// Reads the address that the whole of `text` spells, or nothing.
    public init?(_ text: String) {
        let bytes = text.utf8.span
        self.init(parsing: bytes, in: 0..<bytes.count)
    }

    /// The IPv4 address inside `::ffff:a.b.c.d`; any other address as it is.
    public var unmapped: Address {
        guard family == .v6, high == 0, low >> 32 == 0xffff else { return self }
        return Address(v4: UInt32(truncatingIfNeeded: low))
    }

    /// Writes the address in its canonical form, RFC 5952 for IPv6.
    public func write(to sink: inout some ByteSink) {
        switch family {
        case .v4:
            Self.writeVersion4(UInt32(truncatingIfNeeded: low), to: &sink)
        case .v6:
            writeVersion6(to: &sink)
        }
    }
}

extension Address: CustomStringConvertible {
    /// The canonical text of the address.
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

// MARK: Reading

extension Address {
    private static func parseVersion4(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
        var address: UInt32 = 0
        var octet: UInt32 = 0
        var digits = 0
        var dots = 0
        for index in range {
            let byte = bytes[index]
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                address = address << 8 | octet
                dots += 1
                octet = 0
                digits = 0
            } else {
                let hasLeadingZero = digits > 0 && octet == 0
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), !hasLeadingZero
                else { return nil }
                octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                guard octet <= 255 else { return nil }
            }
        }
        guard dots == 3, digits > 0 else { return nil }
        return address << 8 | octet
    }

    private static func parseVersion6(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Address? {
        let colon = UInt8(ascii: ":")
        var groups = Groups()
        var index = range.lowerBound
        if range.count >= 2, bytes[index] == colon, bytes[index + 1] == colon {
            groups.gap = 0
            index += 2
        }
        while index < range.upperBound {
            if groups.count <= 6, let inner = parseVersion4(bytes, index..<range.upperBound) {
                groups.append(UInt16(truncatingIfNeeded: inner >> 16))
                groups.append(UInt16(truncatingIfNeeded: inner))
                break
            }
            let start = index
            var group: UInt16 = 0
            while index < range.upperBound, let digit = hexadecimalDigit(bytes[index]) {
                guard index - start < 4 else { return nil }
                group = group << 4 | UInt16(digit)
                index += 1
            }
            guard index > start, groups.count < 8 else { return nil }
            groups.append(group)
            if index == range.upperBound { break }
            // A colon must be followed by another group or be the first half of the one `::`.
            guard bytes[index] == colon, index + 1 < range.upperBound else { return nil }
            index += 1
            if bytes[index] == colon {
                guard groups.gap == nil else { return nil }
                groups.gap = groups.count
                index += 1
            }
        }
        return groups.address
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The groups of an IPv6 text as far as they have been read.
    private struct Groups {
        var values = InlineArray<8, UInt16>(repeating: 0)
        var count = 0
        /// How many groups stood before `::`.
        var gap: Int?

        mutating func append(_ group: UInt16) {
            values[count] = group
            count += 1
        }

        /// The whole address; none if the groups are too few, or leave nothing for `::`.
        var address: Address? {
            guard gap == nil ? count == 8 : count <= 7 else { return nil }
            let before = gap ?? 8
            var high: UInt64 = 0
            var low: UInt64 = 0
            for position in 0..<8 {
                let fromEnd = 8 - position
                var group: UInt16 = 0
                if position < before {
                    group = values[position]
                } else if fromEnd <= count - before {
                    group = values[count - fromEnd]
                }
                if position < 4 {
                    high = high << 16 | UInt64(group)
                } else {
                    low = low << 16 | UInt64(group)
                }
            }
            return Address(v6: high, low)
        }
    }
}

// MARK: Writing

extension Address {
    private static func writeVersion4(_ bits: UInt32, to sink: inout some ByteSink) {
        for octet in 0..<4 as Range<UInt32> {
            if octet > 0 { sink.append(UInt8(ascii: ".")) }
            sink.append(decimal: bits >> (24 - 8 * octet) & 0xff)
        }
    }

    private func writeVersion6(to sink: inout some ByteSink) {
        if high == 0, low >> 32 == 0xffff {
            sink.append("::ffff:")
            Self.writeVersion4(UInt32(truncatingIfNeeded: low), to: &sink)
            return
        }
        let zeros = longestZeroRun
        var index = 0
        while index < 8 {
            if index == zeros.lowerBound, !zeros.isEmpty {
                sink.append("::")
                index = zeros.upperBound
                continue
            }
            if index > 0, index != zeros.upperBound || zeros.isEmpty {
                sink.append(UInt8(ascii: ":"))
            }
            sink.append(hexadecimal: group(index))
            index += 1
        }
    }

    private func group(_ index: Int) -> UInt16 {
        let half = index < 4 ? high : low
        return UInt16(truncatingIfNeeded: half >> UInt64(48 - 16 * (index & 3)))
    }

    /// The first longest run of two or more zero groups; empty if there is none.
    private var longestZeroRun: Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0..<8 {
            if group(index) != 0 { start = index + 1 }
            if index + 1 - start > max(best.count, 1) { best = start..<(index + 1) }
        }
        return best
    }
}

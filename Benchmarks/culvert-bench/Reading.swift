internal import ArgumentParser
internal import Internet
internal import Kernel
internal import Load
internal import Proxy

/// Readers of flag values: each returns the value or throws the words for what is allowed.
///
/// The parser puts the flag's name and the value in front of those words.
enum Reading {
    typealias Reader<Value> = @Sendable (String) throws -> Value

    /// Nanoseconds of a second.
    static var second: UInt64 { 1_000_000_000 }
    /// What may be measured, and how many tunnels there may be.
    static var durations: ClosedRange<UInt64> { second / 10...86400 * second }
    static var tunnels: ClosedRange<Int> { 1...10_000_000 }

    /// A whole number in `range`.
    static func count(_ range: ClosedRange<Int>) -> Reader<Int> {
        { text in
            let value = Quantities.number(text[...]).flatMap { Int(exactly: $0) }
            if let value, range.contains(value) { return value }
            throw ValidationError(
                "allowed is a whole number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
    }

    /// A duration in `range`.
    static func duration(_ range: ClosedRange<UInt64>) -> Reader<UInt64> {
        { text in
            let value = text == "0" ? 0 : Quantities.nanoseconds(text)
            if let value, range.contains(value) { return value }
            let low = Quantities.text(nanoseconds: range.lowerBound)
            let high = Quantities.text(nanoseconds: range.upperBound)
            throw ValidationError(
                "allowed is a whole number with a unit (250ms, 30s, 5m) from \(low) to \(high)."
            )
        }
    }

    /// A size in `range`.
    static func size(_ range: ClosedRange<Int>) -> Reader<Int> {
        { text in
            if let value = Quantities.bytes(text), range.contains(value) { return value }
            let low = Quantities.text(bytes: range.lowerBound)
            let high = Quantities.text(bytes: range.upperBound)
            throw ValidationError(
                "allowed is bytes, bare or with B, KiB, MiB or GiB, from \(low) to \(high)."
            )
        }
    }

    /// Any 64-bit number, in decimal or hexadecimal digits.
    static func seed(_ text: String) throws -> UInt64 {
        let value =
            text.hasPrefix("0x")
            ? UInt64(text.dropFirst(2), radix: 16) : Quantities.number(text[...])
        guard let value else {
            throw ValidationError("allowed is a number of 64 bits, as in 17 or 0x5eed.")
        }
        return value
    }

    /// A host and a port; a name is looked up.
    static func endpoint(_ text: String) throws -> Endpoint {
        if let endpoint = Endpoint(text), endpoint.port > 0 { return endpoint }
        if let colon = text.lastIndex(of: ":"), colon > text.startIndex,
            let port = UInt16(text[text.index(after: colon)...]), port > 0,
            let address = Route.choice(among: SystemName.addresses(of: String(text[..<colon])))
        {
            return Endpoint(address, port: port)
        }
        throw ValidationError(
            "allowed is HOST:PORT, as in 127.0.0.1:3128, [::1]:3128 or localhost:3128; "
                + "a name must be known to this machine."
        )
    }

    /// An address of this machine and a port.
    static func listener(_ text: String) throws -> Endpoint {
        guard let endpoint = Endpoint(text), endpoint.port > 0 else {
            throw ValidationError("allowed is ADDRESS:PORT, as in 127.0.0.1:9000.")
        }
        return endpoint
    }

    /// An address, or a range of them.
    static func addresses(_ text: String) throws -> [Address] {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        if ends.count == 1, let address = Address(text) { return [address] }
        if ends.count == 2, let first = Address(String(ends[0])),
            let last = Address(String(ends[1])),
            first.family == last.family, first.high == last.high, first.low <= last.low,
            last.low - first.low < 65536
        {
            return (first.low...last.low).map { low in
                first.family == .v4
                    ? Address(v4: UInt32(truncatingIfNeeded: low)) : Address(v6: first.high, low)
            }
        }
        throw ValidationError(
            "allowed is ADDRESS or FIRST-LAST with at most 65536 addresses, as in "
                + "127.0.0.5 or 127.9.0.1-127.9.0.8."
        )
    }

    /// The number of a process.
    static func process(_ text: String) throws -> Int32 {
        guard let value = Int32(text), value > 0 else {
            throw ValidationError("allowed is the number of a process.")
        }
        return value
    }
}

/// Help for a flag: what it is, then its default.
func help(_ text: String, default value: String, _ valueName: String) -> ArgumentHelp {
    ArgumentHelp("\(text) Default: \(value).", valueName: valueName)
}

internal import ArgumentParser
internal import Connect
internal import Internet
internal import Policy
internal import Proxy

/// The defaults, which help texts quote and no flag states again.
let defaults = Configuration()

/// Readers of flag values: each returns the value or throws the words for what is allowed.
///
/// The parser puts the flag's name and the value in front of those words.
enum Reading {
    typealias Reader<Value> = @Sendable (String) throws -> Value

    /// A duration in `range`; where `zeroIs` has words, 0 and off mean them.
    static func duration(
        _ range: ClosedRange<UInt64>,
        whole unit: UInt64 = 1,
        zeroIs zero: String? = nil
    ) -> Reader<UInt64> {
        { text in
            if let value = Quantities.nanoseconds(text), range.contains(value), value % unit == 0 {
                return value
            }
            if zero != nil, text == "0" || text == "off" || Quantities.nanoseconds(text) == 0 {
                return 0
            }
            let low = Quantities.text(nanoseconds: range.lowerBound)
            let high = Quantities.text(nanoseconds: range.upperBound)
            let units = unit == 1 ? "(250ms, 30s, 5m, 1h)" : "(30s, 5m, 1h), in whole seconds,"
            throw refusal("a whole number with a unit \(units)", low, high, zero)
        }
    }

    /// A size in `range`; where `zeroIs` has words, 0 and off mean them.
    static func size(_ range: ClosedRange<Int>, zeroIs zero: String? = nil) -> Reader<Int> {
        { text in
            if let value = Quantities.bytes(text), range.contains(value) { return value }
            if zero != nil, text == "off" || Quantities.bytes(text) == 0 { return 0 }
            let low = Quantities.text(bytes: range.lowerBound)
            let high = Quantities.text(bytes: range.upperBound)
            throw refusal("bytes, bare or with B, KiB, MiB or GiB,", low, high, zero)
        }
    }

    /// A whole number in `range`; where `zeroIs` has words, 0 and off mean them.
    static func count(_ range: ClosedRange<Int>, zeroIs zero: String? = nil) -> Reader<Int> {
        { text in
            let value = Quantities.number(text[...]).flatMap { Int(exactly: $0) }
            if let value, range.contains(value) { return value }
            if zero != nil, text == "off" || value == 0 { return 0 }
            throw refusal("a whole number", "\(range.lowerBound)", "\(range.upperBound)", zero)
        }
    }

    /// A power of two in `range`.
    static func powerOfTwo(_ range: ClosedRange<Int>) -> Reader<Int> {
        { text in
            let value = Quantities.number(text[...]).flatMap { Int(exactly: $0) }
            if let value, range.contains(value), value.nonzeroBitCount == 1 { return value }
            throw refusal("a power of two", "\(range.lowerBound)", "\(range.upperBound)", nil)
        }
    }

    /// An address and a port.
    static func endpoint(_ text: String) throws -> Endpoint {
        guard let endpoint = Endpoint(text) else {
            throw ValidationError("allowed is ADDRESS:PORT, as in 127.0.0.1:3128 or [::1]:3128.")
        }
        return endpoint
    }

    /// An address with the port of DNS, or an address and a port.
    static func nameServer(_ text: String) throws -> Endpoint {
        if let address = Address(text) { return Endpoint(address, port: 53) }
        guard let endpoint = Endpoint(text), endpoint.port > 0 else {
            throw ValidationError("allowed is ADDRESS[:PORT], as in 9.9.9.9, ::1 or [::1]:5353.")
        }
        return endpoint
    }

    /// An address without a port.
    static func address(_ text: String) throws -> Address {
        guard let address = Address(text) else {
            throw ValidationError("allowed is an IPv4 or IPv6 address, as in 192.0.2.1 or ::1.")
        }
        return address
    }

    /// A port, a range of ports or all ports.
    static func ports(_ text: String) throws -> ClosedRange<UInt16> {
        guard let ports = Quantities.ports(text) else {
            throw ValidationError("allowed is PORT, LOW-HIGH (from 1 to 65535) or any.")
        }
        return ports
    }

    /// A path as it stands in a request's target, without its last slash.
    static func path(_ text: String) throws -> String {
        let bytes = Array(text.utf8)
        let isPlain = bytes.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
                || (0x61...0x7a).contains(byte) || "-._~/".utf8.contains(byte)
        }
        guard isPlain, (2...128).contains(bytes.count), text.hasPrefix("/"),
            !text.hasSuffix("/"), !text.contains("//")
        else {
            throw ValidationError(
                "allowed is / and up to 127 letters, digits and any of -._~/, as in /tunnel, "
                    + "without a slash at the end."
            )
        }
        return text
    }

    /// A host, or all hosts below one.
    static func host(_ text: String) throws -> HostPattern {
        guard let pattern = HostPattern(text) else {
            throw ValidationError(
                "allowed is a name, an address, or *. and a name, as in *.example.com; names "
                    + "beyond ASCII in their xn-- form."
            )
        }
        return pattern
    }

    /// A range of addresses, or one.
    static func network(_ text: String) throws -> Prefix {
        guard let network = Prefix(networkOrAddress: text) else {
            throw ValidationError(
                "allowed is an address, or a network without bits behind its length, as in "
                    + "192.0.2.0/24 or 2001:db8::/32."
            )
        }
        return network
    }

    /// What a client asks for.
    static func authority(_ text: String) throws -> Authority {
        let bytes = Array(text.utf8)
        guard let authority = Authority(parsing: bytes.span, in: 0..<bytes.count) else {
            throw ValidationError("allowed is HOST:PORT, an IPv6 address in brackets.")
        }
        return authority
    }

    /// A minute of the week.
    static func weekTime(_ text: String) throws -> WeekTime {
        guard let time = WeekTime(text) else {
            throw ValidationError("allowed is a day and a time, as in 'Mon 09:30'.")
        }
        return time
    }

    /// A list of ports and ranges, all ports, or none.
    static func portList(_ text: String) throws -> [ClosedRange<UInt16>] {
        if text == "none" { return [] }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let ports = parts.compactMap { Quantities.ports(String($0)) }
        guard ports.count == parts.count else {
            throw ValidationError(
                "allowed is a list of PORT and LOW-HIGH (from 1 to 65535), any or none."
            )
        }
        return ports
    }

    /// A file that says who may: none at all would let everybody in.
    static func file(_ text: String) throws -> String {
        guard !text.isEmpty else { throw ValidationError("allowed is the path of a file.") }
        return text
    }

    /// One of the words that a value can be.
    static func word<Value>(_ text: String) throws -> Value
    where Value: RawRepresentable<String> & CaseIterable {
        guard let value = Value(rawValue: text) else {
            let words = Value.allCases.map(\.rawValue)
            let list = words.dropLast().joined(separator: ", ")
            throw ValidationError("allowed are \(list) and \(words.last ?? "").")
        }
        return value
    }

    /// A name, or all names below one.
    static func namePattern(_ text: String) throws -> HostPattern {
        guard let pattern = HostPattern(text), !pattern.isAddress else {
            throw ValidationError("allowed is a DNS name, or *. and one, as in *.example.com.")
        }
        return pattern
    }

    /// A list of CPUs, each once.
    static func cpus(_ text: String) throws -> [Int] {
        guard let cpus = Quantities.cpus(text) else {
            throw ValidationError("allowed is a list of CPUs, each once, as in 0,2-3.")
        }
        return cpus
    }

    /// A name that may stand in a Proxy-Status field without quotes or escapes (RFC 8941 token).
    static func name(_ text: String) throws -> String {
        let isAllowed = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
            default: "-._:/".utf8.contains(byte)
            }
        }
        guard isAllowed, (1...64).contains(text.utf8.count), text.first?.isLetter == true else {
            throw ValidationError(
                "allowed are 1 to 64 letters, digits and any of -._:/ with a letter in front."
            )
        }
        return text
    }

    private static func refusal(
        _ form: String,
        _ low: String,
        _ high: String,
        _ zero: String?
    ) -> ValidationError {
        let alternative = zero.map { ", or 0 or off (\($0))" } ?? ""
        return ValidationError("allowed is \(form) from \(low) to \(high)\(alternative).")
    }
}

/// Help for a flag: what it is, then its default.
func help(_ text: String, default value: String, _ valueName: String) -> ArgumentHelp {
    ArgumentHelp("\(text) Default: \(value).", valueName: valueName)
}

/// The text of a duration, or `zero` for none.
func show(_ nanoseconds: UInt64, zero: String? = nil) -> String {
    if nanoseconds == 0, let zero { return zero }
    return Quantities.text(nanoseconds: nanoseconds)
}

/// The text of a list of ports.
func show(ports: [ClosedRange<UInt16>]) -> String {
    ports.isEmpty ? "none" : ports.map { Quantities.text(ports: $0) }.joined(separator: ",")
}

/// The text of a size, or `zero` for none.
func show(bytes: Int, zero: String? = nil) -> String {
    if bytes == 0, let zero { return zero }
    return Quantities.text(bytes: bytes)
}

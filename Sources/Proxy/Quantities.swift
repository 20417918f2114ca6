/// The text forms of durations, sizes, CPU lists and port ranges, both ways.
///
/// Each reader returns nil for anything but the whole text in its one form: no spaces, no signs,
/// no exponents, nothing that would overflow.
public enum Quantities {
    private static let durationUnits: [(suffix: String, nanoseconds: UInt64)] = [
        ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]
    private static let sizeUnits: [(suffix: String, bytes: UInt64)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    // MARK: Durations

    /// Nanoseconds of a whole number with a unit: 250ms, 30s, 5m, 1h.
    ///
    /// A bare number is refused.
    public static func nanoseconds(_ text: String) -> UInt64? {
        for unit in durationUnits where text.hasSuffix(unit.suffix) {
            guard let count = number(text.dropLast(unit.suffix.count)) else { continue }
            let product = count.multipliedReportingOverflow(by: unit.nanoseconds)
            return product.overflow ? nil : product.partialValue
        }
        return nil
    }

    /// A duration in the greatest unit that divides it.
    public static func text(nanoseconds: UInt64) -> String {
        guard nanoseconds > 0 else { return "0s" }
        for unit in durationUnits.reversed() where nanoseconds % unit.nanoseconds == 0 {
            return "\(nanoseconds / unit.nanoseconds)\(unit.suffix)"
        }
        return "\(nanoseconds)ns"
    }

    // MARK: Sizes

    /// Bytes of a whole number, bare or with B, KiB, MiB or GiB.
    public static func bytes(_ text: String) -> Int? {
        for unit in sizeUnits where text.hasSuffix(unit.suffix) {
            guard let count = number(text.dropLast(unit.suffix.count)) else { return nil }
            let product = count.multipliedReportingOverflow(by: unit.bytes)
            return product.overflow ? nil : Int(exactly: product.partialValue)
        }
        return number(text[...]).flatMap { Int(exactly: $0) }
    }

    /// A size in the greatest unit that divides it.
    public static func text(bytes: Int) -> String {
        for unit in sizeUnits where bytes > 0 && UInt64(bytes) % unit.bytes == 0 {
            return "\(UInt64(bytes) / unit.bytes)\(unit.suffix)"
        }
        return "\(bytes)B"
    }

    // MARK: CPU lists

    /// CPUs of a list of numbers and ranges, each once: 0,2-3.
    public static func cpus(_ text: String) -> [Int]? {
        var cpus: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let range = range(part), range.upperBound < 8192 else { return nil }
            for cpu in range {
                guard !cpus.contains(Int(cpu)) else { return nil }
                cpus.append(Int(cpu))
            }
        }
        return cpus
    }

    /// A CPU list with ranges where numbers follow each other.
    public static func text(cpus: [Int]) -> String {
        var ranges: [ClosedRange<Int>] = []
        for cpu in cpus {
            if let last = ranges.last, last.upperBound + 1 == cpu {
                ranges[ranges.count - 1] = last.lowerBound...cpu
            } else {
                ranges.append(cpu...cpu)
            }
        }
        return ranges.map { text($0.lowerBound, $0.upperBound) }.joined(separator: ",")
    }

    // MARK: Ports

    /// A port, a range of ports or all of them: 443, 8000-8999, any.
    public static func ports(_ text: String) -> ClosedRange<UInt16>? {
        if text == "any" { return 1...UInt16.max }
        guard let range = range(text[...]), range.lowerBound > 0,
            let low = UInt16(exactly: range.lowerBound),
            let high = UInt16(exactly: range.upperBound)
        else { return nil }
        return low...high
    }

    /// The form that `ports` reads.
    public static func text(ports: ClosedRange<UInt16>) -> String {
        if ports == 1...UInt16.max { return "any" }
        return text(Int(ports.lowerBound), Int(ports.upperBound))
    }

    // MARK: Numbers

    /// A whole number in decimal digits and nothing else.
    public static func number(_ text: Substring) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return UInt64(text)
    }

    private static func range(_ text: Substring) -> ClosedRange<UInt64>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        switch ends.count {
        case 1:
            return number(ends[0]).map { $0...$0 }
        case 2:
            guard let low = number(ends[0]), let high = number(ends[1]), low <= high else {
                return nil
            }
            return low...high
        default:
            return nil
        }
    }

    private static func text(_ low: Int, _ high: Int) -> String {
        low == high ? "\(low)" : "\(low)-\(high)"
    }
}

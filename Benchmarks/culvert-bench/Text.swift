internal import Internet
internal import Kernel

/// Numbers for a person to read.
enum Text {
    /// A time of day to the second (RFC 3339).
    static func moment(_ time: WallTime) -> String {
        func pair(_ value: UInt32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(time.year)-\(pair(time.month))-\(pair(time.day))T"
            + "\(pair(time.hour)):\(pair(time.minute)):\(pair(time.second))Z"
    }

    /// Addresses, as ranges where they follow each other.
    static func addresses(_ addresses: [Address]) -> String {
        var ranges: [(first: Address, last: Address)] = []
        for address in addresses {
            if let last = ranges.last?.last, last.family == address.family,
                last.high == address.high, last.low &+ 1 == address.low
            {
                ranges[ranges.count - 1].last = address
            } else {
                ranges.append((address, address))
            }
        }
        return ranges.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
            .joined(separator: " ")
    }

    /// `value` with `digits` after the point.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(scaled)" }
        let fraction = String(scaled % Int(scale))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return "\(sign)\(scaled / Int(scale)).\(zeros)\(fraction)"
    }

    /// `value` with three digits that count, and a unit's prefix.
    static func rate(_ value: Double) -> String {
        switch abs(value) {
        case 1e9...: significant(value / 1e9) + " G"
        case 1e6...: significant(value / 1e6) + " M"
        case 1e4...: significant(value / 1e3) + " k"
        default: significant(value) + " "
        }
    }

    /// `value` with three digits that count.
    static func significant(_ value: Double) -> String {
        switch abs(value) {
        case 100...: fixed(value, 0)
        case 10...: fixed(value, 1)
        default: fixed(value, 2)
        }
    }

    /// Nanoseconds in a unit that suits them.
    static func time(_ nanoseconds: Double) -> String {
        switch abs(nanoseconds) {
        case 1e9...: significant(nanoseconds / 1e9) + " s"
        case 1e6...: significant(nanoseconds / 1e6) + " ms"
        default: significant(nanoseconds / 1e3) + " us"
        }
    }

    /// Bytes in a unit that suits them.
    static func bytes(_ count: Double) -> String {
        switch abs(count) {
        case 1_073_741_824...: significant(count / 1_073_741_824) + " GiB"
        case 1_048_576...: significant(count / 1_048_576) + " MiB"
        case 1024...: significant(count / 1024) + " KiB"
        default: fixed(count, 0) + " B"
        }
    }

    /// Rows with their cells padded to the widest of each column, numbers to the right.
    static func table(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += column == 0 ? cell + padding : "  " + padding + cell
            }
            return line
        }
        .joined(separator: "\n")
    }
}

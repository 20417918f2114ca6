internal import Proxy

/// One line of --show-configuration: a flag, the value in force, and why it is that.
struct ConfigurationLine {
    let flag: String
    let value: String
    let reason: String

    /// A value that a flag gave, or else the default.
    init(_ flag: String, _ value: String, given: Bool) {
        self.flag = flag
        self.value = value
        reason = given ? "flag" : "default"
    }

    /// A value that follows from `cause`.
    init(_ flag: String, _ value: String, derived cause: String) {
        self.flag = flag
        self.value = value
        reason = "derived: \(cause)"
    }

    /// Prints `lines` as a table.
    static func print(_ lines: [ConfigurationLine]) {
        for row in Columns.aligned(lines.map { [$0.flag, $0.value, $0.reason] }) {
            Swift.print(row)
        }
    }
}

/// Text in columns.
enum Columns {
    /// The rows with their cells padded to the widest of each column, the last one excepted.
    static func aligned(_ rows: [[String]]) -> [String] {
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
                line += cell
                guard row[(column + 1)...].contains(where: { !$0.isEmpty }) else { break }
                line += String(repeating: " ", count: widths[column] - cell.count + 2)
            }
            return line
        }
    }
}

/// One line of names and one of values, as RFC 4180 has it.
///
/// Nothing is quoted: no name and no value of ours holds a comma, a quote or an end of line.
struct CSV {
    private var names: [String] = []
    private var cells: [String] = []

    /// Adds a column; nil leaves its cell empty.
    mutating func add(_ name: String, _ value: String?) {
        names.append(name)
        cells.append(value ?? "")
    }

    /// Adds a column of whole numbers.
    mutating func add(_ name: String, _ value: Int?) { add(name, value.map { "\($0)" }) }

    /// Adds a column of numbers, with three digits after the point.
    mutating func add(_ name: String, _ value: Double?) {
        add(name, value.map { Text.fixed($0, 3) })
    }

    /// Both lines.
    var text: String { names.joined(separator: ",") + "\n" + cells.joined(separator: ",") + "\n" }
}

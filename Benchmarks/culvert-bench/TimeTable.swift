internal import Histogram

/// Times as a table of percentiles.
enum TimeTable {
    /// A row for each of `all` that holds something; empty if none does.
    static func text(_ all: [(String, Histogram<UInt64>)]) -> String {
        let all = all.filter { $0.1.totalCount > 0 }
        guard !all.isEmpty else { return "" }
        let head = ["time", "p50", "p90", "p99", "p99.9", "max", "of"]
        let rows = all.map { name, times in
            [name]
                + [50, 90, 99, 99.9].map { Text.time(Double(times.valueAtPercentile($0))) }
                + [Text.time(Double(times.maxRecorded)), "\(times.totalCount)"]
        }
        return Text.table([head] + rows)
    }
}

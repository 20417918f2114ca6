internal import Load

extension Report {
    /// What the tunnels cost in memory, for those that stand idle.
    var memory: String {
        guard let memory = TunnelMemory(outcome) else { return "" }
        let head = ["memory", "before", "all idle", "at the end", "a tunnel"]
        let rows = outcome.gauges.map { gauge in
            let cells = [memory.before, memory.full, memory.end].map { snapshot in
                gauge.value(snapshot).map { Report.amount(gauge, $0) } ?? "not readable"
            }
            return [gauge.title] + cells + [memory.each(gauge).map { Report.each(gauge, $0) } ?? ""]
        }
        return Text.table([head] + rows)
    }

    private static func amount(_ gauge: Gauge, _ value: Int) -> String {
        gauge.unit == .bytes ? Text.bytes(Double(value)) : "\(value)"
    }

    private static func each(_ gauge: Gauge, _ value: Double) -> String {
        gauge.unit == .bytes ? "\(Text.fixed(value, 0)) B" : Text.fixed(value, 2)
    }
}

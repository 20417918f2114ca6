internal import Load

/// What a tunnel costs in memory: what was there before the first was opened, when all had stood
/// idle for the set time, and when the run was over.
struct TunnelMemory {
    let before: Snapshot
    let full: Snapshot
    let end: Snapshot
    /// Tunnels that came to stand between `before` and `full`.
    let count: Double

    /// Nil where tunnels don't stand idle, or none stood.
    init?(_ outcome: Outcome) {
        guard outcome.settings.scenario == .hold, let open = outcome.stretches.first,
            let last = outcome.stretches.last, open.count > 0
        else { return nil }
        before = open.before
        full = (outcome.stretches.first { $0.name == "hold" } ?? open).after
        end = last.after
        count = open.count
    }

    /// What `gauge` showed for each tunnel; nil if it could not be read.
    func each(_ gauge: Gauge) -> Double? {
        guard let before = gauge.value(before), let full = gauge.value(full) else { return nil }
        return Double(full - before) / count
    }
}

internal import Kernel
internal import Load

/// What a run came to, as short tables.
struct Report {
    let outcome: Outcome
    private var isCharged: Bool { !outcome.settings.processes.isEmpty }

    init(_ outcome: Outcome) { self.outcome = outcome }

    /// All of it.
    var text: String {
        let refusals = Refusals(outcome.tally).text
        return [title, stretches, schedule, times, kinds, hostile, memory, refusals, failures]
            .filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var title: String {
        let settings = outcome.settings
        let way =
            switch settings.route {
            case .proxy(let endpoint): "through the proxy \(endpoint)"
            case .relay(let endpoint): "through the relay \(endpoint)"
            case .direct: "direct"
            }
        let count = settings.tunnels > 0 ? "\(settings.tunnels)" : "\(settings.concurrency) at once"
        let origin =
            outcome.originWorkers > 0 ? "\(outcome.originWorkers) of origin" : "an external origin"
        let end = outcome.isInterrupted ? "; INTERRUPTED" : ""
        let scenario =
            settings.scenario == .bulk
            ? "bulk \(settings.direction.rawValue)" : settings.scenario.rawValue
        return "\(scenario): \(count) tunnels \(way), "
            + "threads: \(outcome.workers) of clients, \(origin)\(end)"
    }

    // MARK: Throughput

    private var stretches: String {
        var head = ["", "count", "seconds", "per second", "data"]
        if isCharged { head.append("process CPU") }
        head += ["client CPU", "origin CPU"]
        return Text.table([head] + outcome.stretches.map(row))
    }

    private func row(_ stretch: Stretch) -> [String] {
        let count = Text.fixed(stretch.count, stretch.unit == .gigabyte ? 2 : 0)
        let speed =
            stretch.unit == .second
            ? "" : Text.rate(stretch.count / max(stretch.seconds, 1e-9)).trimmed
        var row = [
            stretch.name,
            stretch.unit == .second ? "" : "\(count) \(stretch.unit.name)",
            Text.fixed(stretch.seconds, 3),
            speed,
            stretch.bytes > 0 ? Text.bytes(Double(stretch.bytes)) : "",
        ]
        if isCharged {
            let isKnown = stretch.before.processCPU != nil && stretch.after.processCPU != nil
            row.append(isKnown ? cpu(stretch) { $0.processCPU } : "not readable")
        }
        row.append(cpu(stretch) { $0.clientCPU })
        row.append(outcome.originWorkers > 0 ? cpu(stretch) { $0.originCPU } : "")
        return row
    }

    private func cpu(_ stretch: Stretch, _ cpu: (Snapshot) -> UInt64?) -> String {
        guard let cost = stretch.perUnit(cpu) else { return "" }
        guard stretch.unit != .second else { return "\(Text.fixed(cost / 1e7, 1)) %" }
        return "\(Text.time(cost))/\(stretch.unit.short)"
    }

    // MARK: Times

    private var times: String {
        TimeTable.text([
            ("set-up", outcome.tally.setup), ("message", outcome.tally.trip),
            ("message, beside", outcome.tally.besideTrip),
            ("tunnel", outcome.tally.life), ("late start", outcome.tally.lateness),
        ])
    }

    // MARK: Failures

    private var failures: String {
        let failures = outcome.tally.failures
        guard !failures.isEmpty else { return "failures: none" }
        let rows = failures.sorted { ($1.value, "\($0.key)") < ($0.value, "\($1.key)") }
            .map { "  \($0.value) x \($0.key)" }
        let examples = outcome.tally.examples.map { "  \($0)" }
        return (["FAILURES"] + rows + ["for example"] + examples).joined(separator: "\n")
    }
}

extension Stretch.Unit {
    /// The unit in the plural.
    var name: String {
        switch self {
        case .tunnel: "tunnels"
        case .message: "messages"
        case .gigabyte: "GB"
        case .second: "seconds"
        }
    }

    /// The unit behind a slash.
    var short: String { self == .gigabyte ? "GB" : rawValue }
}

extension String {
    /// Without a space at the end.
    var trimmed: String { hasSuffix(" ") ? String(dropLast()) : self }
}

internal import Load

extension Report {
    /// How an open loop kept to its schedule.
    var schedule: String {
        guard let rate = outcome.settings.rate,
            let last = outcome.stretches.last(where: { $0.after.client.arrivals > 0 })
        else { return "" }
        let begun = last.after.client.arrivals - last.before.client.arrivals
        let speed = Text.rate(Double(begun) / max(last.seconds, 1e-9))
        let line =
            outcome.inLine.map { "; \($0) in line when the measured time was over" } ?? ""
        return "schedule: \(rate) due a second, \(speed.trimmed) begun\(line)"
    }
}

internal import Kernel
internal import Load

/// A line on the terminal that tells how far the run has come.
final class ProgressLine {
    private let isShown = OutputFile.isErrorTerminal
    private let scenario: Scenario
    private var last: Snapshot?
    private var began: Instant?

    init(_ settings: Settings) { scenario = settings.scenario }

    /// Waits for a signal, `milliseconds` at most; whether one came that ends the run.
    func wait(_ progress: Engine.Progress, milliseconds: Int) -> Bool {
        if isShown, last?.time != progress.snapshot.time { show(progress) }
        switch Signals.next(within: milliseconds) {
        case .interrupt, .terminate: return true
        case .hangUp, .status, nil: return false
        }
    }

    /// Empties the line.
    func clear() {
        if isShown { OutputFile.complain("\r\u{1b}[K") }
    }

    private func show(_ progress: Engine.Progress) {
        let now = progress.snapshot
        let start = began ?? now.time
        began = start
        defer { last = now }
        guard let last else { return }
        let stretch = Stretch(name: progress.name, unit: .second, before: last, after: now)
        let seconds = stretch.seconds
        let finished = Double(now.client.finished - last.client.finished) / seconds
        let messages = Double(now.client.messages - last.client.messages) / seconds
        let bytes = Double(stretch.bytes) / seconds
        let parts = [
            "\(progress.name) \(Text.fixed(Double(now.time.nanoseconds(since: start)) / 1e9, 1)) s",
            "\(now.client.alive) tunnels",
            "\(Text.rate(finished))/s ended",
            "\(Text.rate(messages))/s messages",
            "\(Text.rate(bytes))B/s",
            "\(now.client.failed) failed",
        ]
        OutputFile.complain("\r\u{1b}[K" + parts.joined(separator: "  "))
    }
}

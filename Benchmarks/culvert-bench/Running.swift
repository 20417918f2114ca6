internal import Kernel
internal import Load

/// Runs settings and tells what came of it.
enum Running {
    /// Runs to the end, or until a signal; the exit status.
    static func run(_ settings: Settings, json path: String?) -> Int32 {
        Signals.block()
        do {
            let plan = try Plan(settings, openFiles: try Descriptors.raiseLimit())
            var line = ProgressLine(settings)
            var engine = try Engine(plan) { line.wait($0, milliseconds: $1) }
            let outcome = engine.run()
            line.clear()
            print(Report(outcome).text)
            if let path { try OutputFile(replacing: path).write(Figures(outcome).text + "\n") }
            guard outcome.isClean else { return 1 }
            return outcome.isInterrupted ? 130 : 0
        } catch {
            OutputFile.complain("Error: \(error)\n")
            return error is SettingError ? 64 : 1
        }
    }
}

/// A line on the terminal that tells how far the run has come.
struct ProgressLine {
    private let isShown = OutputFile.isErrorTerminal
    private let scenario: Scenario
    private var last: Snapshot?
    private var began: Instant?

    init(_ settings: Settings) { scenario = settings.scenario }

    /// Waits for a signal, `milliseconds` at most; whether one came that ends the run.
    mutating func wait(_ progress: Engine.Progress, milliseconds: Int) -> Bool {
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

    private mutating func show(_ progress: Engine.Progress) {
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

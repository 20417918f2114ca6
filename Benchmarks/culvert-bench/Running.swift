internal import Kernel
internal import Load

/// Runs settings and tells what came of it.
enum Running {
    /// Runs to the end, or until a signal; the exit status.
    static func run(_ settings: Settings, _ flags: ToolFlags) -> Int32 {
        Signals.block()
        do {
            let plan = try Plan(settings, openFiles: try Descriptors.raiseLimit())
            let records = try Records(flags)
            let line = ProgressLine(settings)
            var engine = try Engine(plan) { line.wait($0, milliseconds: $1) }
            let outcome = engine.run()
            line.clear()
            print(Report(outcome).text)
            try records.write(outcome)
            guard outcome.isClean else { return 1 }
            return outcome.isInterrupted ? 130 : 0
        } catch {
            OutputFile.complain("Error: \(error)\n")
            return error is SettingError ? 64 : 1
        }
    }
}

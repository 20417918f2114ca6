internal import Kernel
internal import Load

/// Runs settings and tells what came of it.
enum Running {
    /// Runs to the end, or until a signal; the exit status.
    static func run(_ settings: Settings, json path: String?) -> Int32 {
        Signals.block()
        do {
            let plan = try Plan(settings, openFiles: try Descriptors.raiseLimit())
            // Opened first, so that no run is in vain.
            let file = try path.map { path throws(SettingError) in try open(path) }
            let line = ProgressLine(settings)
            var engine = try Engine(plan) { line.wait($0, milliseconds: $1) }
            let outcome = engine.run()
            line.clear()
            print(Report(outcome).text)
            try file?.write(Figures(outcome).text + "\n")
            guard outcome.isClean else { return 1 }
            return outcome.isInterrupted ? 130 : 0
        } catch {
            OutputFile.complain("Error: \(error)\n")
            return error is SettingError ? 64 : 1
        }
    }

    private static func open(_ path: String) throws(SettingError) -> OutputFile {
        do throws(SystemError) {
            return try OutputFile(replacing: path)
        } catch {
            throw SettingError("--json", path, "it can't be written (\(error))")
        }
    }
}

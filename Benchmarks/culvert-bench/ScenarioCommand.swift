internal import ArgumentParser
internal import Kernel
internal import Load

/// A scenario as a subcommand.
protocol ScenarioCommand: ParsableCommand {
    static var scenario: Scenario { get }
    var common: CommonFlags { get }
    /// Puts what is the scenario's own into `settings`.
    ///
    /// - Throws: `ValidationError` for flags that exclude each other.
    func fill(_ settings: inout Settings) throws
}

extension ScenarioCommand {
    func settings() throws -> Settings {
        var settings = Settings(Self.scenario, try common.route.route())
        settings.credentials = common.route.asker
        try common.origin.fill(&settings)
        common.tool.fill(&settings)
        try fill(&settings)
        return settings
    }

    func validate() throws {
        let settings = try settings()
        do throws(SettingError) {
            _ = try Plan(settings, openFiles: Descriptors.limits().hard)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        let status = Running.run(try settings(), common.tool)
        if status != 0 { throw ExitCode(status) }
    }
}

extension Settings {
    /// The defaults of `scenario`, which help texts quote.
    static func standard(_ scenario: Scenario) -> Settings { Settings(scenario, .direct) }
}

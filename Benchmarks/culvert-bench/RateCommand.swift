internal import ArgumentParser
internal import Load

/// Tunnels per second.
struct RateCommand: ScenarioCommand {
    static let scenario = Scenario.rate
    static let configuration = CommandConfiguration(
        commandName: "rate",
        abstract: "Tunnels per second: each is opened, carries one message and back, and is closed."
    )

    @OptionGroup var common: CommonFlags
    @OptionGroup var time: TimeFlags
    @OptionGroup var schedule: ScheduleFlags

    @Option(
        help: help("Tunnels at once.", default: "\(Settings.standard(.rate).concurrency)", "count"),
        transform: Reading.count(Reading.tunnels)
    )
    var concurrency: Int?

    @Option(
        help: help("Tunnels in all.", default: "as many as --duration lasts for", "count"),
        transform: Reading.count(Reading.tunnels)
    )
    var count: Int?

    @Option(
        help: help("Bytes of the message.", default: "64B", "size"),
        transform: Reading.size(1...1 << 30)
    )
    var size: Int?

    func fill(_ settings: inout Settings) throws {
        if let concurrency { settings.concurrency = concurrency }
        try time.fill(&settings, orEndAfter: count)
        schedule.fill(&settings)
        if let size { settings.size = size }
    }
}

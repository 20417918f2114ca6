internal import ArgumentParser
internal import Load

/// Messages per second.
struct EchoCommand: ScenarioCommand {
    static let scenario = Scenario.echo
    static let configuration = CommandConfiguration(
        commandName: "echo",
        abstract: "Messages per second and their latency: one goes back and forth on each tunnel."
    )

    @OptionGroup var common: CommonFlags
    @OptionGroup var time: TimeFlags
    @OptionGroup var schedule: ScheduleFlags

    @Option(
        help: help("Tunnels at once.", default: "\(Settings.standard(.echo).tunnels)", "count"),
        transform: Reading.count(Reading.tunnels)
    )
    var tunnels: Int?

    @Option(
        help: help("Bytes of a message.", default: "64B", "size"),
        transform: Reading.size(1...1 << 30)
    )
    var size: Int?

    func fill(_ settings: inout Settings) {
        if let tunnels { settings.tunnels = tunnels }
        time.fill(&settings)
        schedule.fill(&settings)
        if let size { settings.size = size }
    }
}

internal import ArgumentParser
internal import Load

/// Bytes per second.
struct BulkCommand: ScenarioCommand {
    static let scenario = Scenario.bulk
    static let configuration = CommandConfiguration(
        commandName: "bulk",
        abstract: "Bytes per second: streams as fast as they go."
    )

    @OptionGroup var common: CommonFlags
    @OptionGroup var time: TimeFlags

    @Option(
        help: help("Tunnels at once.", default: "\(Settings.standard(.bulk).tunnels)", "count"),
        transform: Reading.count(Reading.tunnels)
    )
    var tunnels: Int?

    @Option(
        help: help("up (to the origin), down or both.", default: "both", "direction"),
        transform: { text in
            guard let direction = Direction(rawValue: text) else {
                throw ValidationError("allowed is up, down or both.")
            }
            return direction
        }
    )
    var direction: Direction?

    @Option(
        help: help("Bytes of one send, at most.", default: "256KiB", "size"),
        transform: Reading.size(1...Pattern.sliceMax)
    )
    var size: Int?

    func fill(_ settings: inout Settings) {
        if let tunnels { settings.tunnels = tunnels }
        if let direction { settings.direction = direction }
        time.fill(&settings)
        if let size { settings.size = size }
    }
}

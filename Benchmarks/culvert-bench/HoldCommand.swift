internal import ArgumentParser
internal import Load

/// Many idle tunnels.
struct HoldCommand: ScenarioCommand {
    static let scenario = Scenario.hold
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Many idle tunnels at once, each proved alive at the end.",
        discussion: """
            Opens all tunnels, leaves them alone for --warmup and --duration, sends a message \
            through each and checks that it comes back, and closes them. With --pid it tells what \
            a tunnel costs in memory.
            """
    )

    @OptionGroup var common: CommonFlags

    @Option(
        help: help("Tunnels at once.", default: "\(Settings.standard(.hold).tunnels)", "count"),
        transform: Reading.count(Reading.tunnels)
    )
    var tunnels: Int?

    @Option(
        help: help(
            "Tunnels that are being opened, proved or closed at once.",
            default: "\(Settings.standard(.hold).concurrency)",
            "count"
        ),
        transform: Reading.count(Reading.tunnels)
    )
    var concurrency: Int?

    @Option(
        help: help(
            "How long they are left alone while it is measured.",
            default: "5s",
            "duration"
        ),
        transform: Reading.duration(Reading.durations)
    )
    var duration: UInt64?

    @Option(
        help: help(
            "How long they are left alone before that, so that what opening leaves to be done "
                + "isn't measured.",
            default: "0s",
            "duration"
        ),
        transform: Reading.duration(0...3600 * Reading.second)
    )
    var warmup: UInt64?

    @Option(
        help: help("Bytes of the message that proves a tunnel.", default: "64B", "size"),
        transform: Reading.size(1...1 << 30)
    )
    var size: Int?

    func fill(_ settings: inout Settings) {
        if let tunnels { settings.tunnels = tunnels }
        if let concurrency { settings.concurrency = concurrency }
        if let duration { settings.duration = duration }
        if let warmup { settings.warmup = warmup }
        if let size { settings.size = size }
    }
}

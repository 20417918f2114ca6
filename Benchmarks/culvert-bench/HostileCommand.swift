internal import ArgumentParser
internal import Load

/// Hostile clients.
struct HostileCommand: ScenarioCommand {
    static let scenario = Scenario.hostile
    static let configuration = CommandConfiguration(
        commandName: "hostile",
        abstract: "Hostile clients, and what they do to the latency of well-behaved ones.",
        discussion: """
            Well-behaved tunnels carry messages as in echo, for --alone alone and for \
            --duration beside hostile clients, who come again and again: silent ones, heads that \
            come octet by octet or never end, half-closes, resets, and readers that hardly read. \
            What the proxy did about them is told, and is no failure.
            """
    )

    @OptionGroup var common: CommonFlags
    @OptionGroup var time: TimeFlags
    @OptionGroup var schedule: ScheduleFlags

    @Option(
        help: help(
            "Well-behaved tunnels at once.",
            default: "\(Settings.standard(.hostile).tunnels)",
            "count"
        ),
        transform: Reading.count(Reading.tunnels)
    )
    var tunnels: Int?

    @Option(
        help: help("Bytes of a message.", default: "64B", "size"),
        transform: Reading.size(1...1 << 30)
    )
    var size: Int?

    @Option(
        help: help(
            "Hostile clients at once.",
            default: "\(Settings.standard(.hostile).hostileCount)",
            "count"
        ),
        transform: Reading.count(Reading.tunnels)
    )
    var hostile: Int?

    @Option(
        help: help(
            "How they behave: \(Hostility.allCases.map(\.rawValue).joined(separator: ", ")).",
            default: "all of these",
            "kinds"
        ),
        transform: Reading.hostilities
    )
    var kinds: [Hostility]?

    @Option(
        help: help(
            "Time between two octets, two reads, and two clients in one place.",
            default: "100ms",
            "duration"
        ),
        transform: Reading.duration(1_000_000...3600 * Reading.second)
    )
    var interval: UInt64?

    @Option(
        help: help(
            "How long is measured before they come.",
            default: "as long as beside them",
            "duration"
        ),
        transform: Reading.duration(Reading.durations)
    )
    var alone: UInt64?

    func fill(_ settings: inout Settings) {
        if let tunnels { settings.tunnels = tunnels }
        time.fill(&settings)
        schedule.fill(&settings)
        if let size { settings.size = size }
        if let hostile { settings.hostileCount = hostile }
        if let kinds { settings.hostilities = kinds }
        if let interval { settings.hostileInterval = interval }
        settings.aloneDuration = alone
    }
}

internal import ArgumentParser
internal import Load

/// A blend of tunnels.
struct MixCommand: ScenarioCommand {
    static let scenario = Scenario.mix
    static let configuration = CommandConfiguration(
        commandName: "mix",
        abstract: "A blend: short, chatty, bulk and idle tunnels at once, and what each kind gets.",
        discussion: """
            Each place is for tunnels of one kind, which follow one another after a time to think. \
            A short tunnel carries one message, a chatty one several with time to think between \
            them, a bulk one a stream up, down or both, an idle one stands and then carries a \
            message. Ranges (10ms-2s) are drawn from anew each time, each order of magnitude as \
            likely as the next. Every byte is checked.
            """
    )

    @OptionGroup var common: CommonFlags
    @OptionGroup var time: TimeFlags
    @OptionGroup(title: "Blend") var blend: MixFlags

    @Option(
        help: help("Tunnels at once.", default: "\(Settings.standard(.mix).concurrency)", "count"),
        transform: Reading.count(Reading.tunnels)
    )
    var concurrency: Int?

    @Option(
        help: help("Tunnels in all.", default: "as many as --duration lasts for", "count"),
        transform: Reading.count(Reading.tunnels)
    )
    var count: Int?

    func fill(_ settings: inout Settings) throws {
        if let concurrency { settings.concurrency = concurrency }
        try time.fill(&settings, orEndAfter: count)
        blend.fill(&settings)
    }
}

internal import ArgumentParser
internal import Load

/// Correctness.
struct VerifyCommand: ScenarioCommand {
    static let scenario = Scenario.verify
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Correctness: streams of random sizes both ways, checked byte for byte.",
        discussion: """
            Each tunnel carries a stream up and one down, of sizes from 0 to --size. Half of them \
            send bytes together with the head. A third end both ways at once, a third let the \
            client end before the origin begins, and a third let the origin end before the client \
            has sent all. Everything follows from --seed.
            """
    )

    @OptionGroup var common: CommonFlags

    @Option(
        help: help("Tunnels in all.", default: "\(Settings.standard(.verify).tunnels)", "count"),
        transform: Reading.count(Reading.tunnels)
    )
    var tunnels: Int?

    @Option(
        help: help(
            "Tunnels at once.",
            default: "\(Settings.standard(.verify).concurrency)",
            "count"
        ),
        transform: Reading.count(Reading.tunnels)
    )
    var concurrency: Int?

    @Option(
        help: help("Bytes of a stream, at most.", default: "1MiB", "size"),
        transform: Reading.size(0...1 << 40)
    )
    var size: Int?

    func fill(_ settings: inout Settings) {
        if let tunnels { settings.tunnels = tunnels }
        if let concurrency { settings.concurrency = concurrency }
        if let size { settings.size = size }
    }
}

internal import ArgumentParser
internal import Load

/// What the tool works with, and what it tells.
struct ToolFlags: ParsableArguments {
    @Option(
        help: help(
            "Threads of clients, each with an open-file limit of its own.",
            default: "what the tunnels need",
            "count"
        ),
        transform: Reading.count(1...1024)
    )
    var workers: Int?

    @Option(
        help: help(
            "Threads of the tool's own origin.",
            default: "what the tunnels need",
            "count"
        ),
        transform: Reading.count(1...1024)
    )
    var originWorkers: Int?

    @Option(
        help: help(
            "How long a tunnel may stand still before it has failed.",
            default: "10s",
            "duration"
        ),
        transform: Reading.duration(Reading.second / 10...3600 * Reading.second)
    )
    var timeout: UInt64?

    @Option(
        help: help("All that is random follows from it.", default: "1", "number"),
        transform: Reading.seed
    )
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "A process whose CPU and memory are charged, such as the proxy's. Repeatable.",
            valueName: "number"
        ),
        transform: Reading.process
    )
    var pid: [Int32] = []

    @Option(help: ArgumentHelp("Where to write all figures as JSON.", valueName: "file"))
    var json: String?

    @Option(
        help: ArgumentHelp(
            "Where to write the settings and the main figures as a line of CSV below its names.",
            valueName: "file"
        )
    )
    var csv: String?

    @Option(
        help: ArgumentHelp(
            "Where to write a page with plots, for a browser. Several runs: culvert-bench report.",
            valueName: "file"
        )
    )
    var html: String?

    func fill(_ settings: inout Settings) {
        settings.workers = workers
        settings.originWorkers = originWorkers
        if let timeout { settings.timeout = timeout }
        if let seed { settings.seed = seed }
        settings.processes = pid
    }
}

internal import ArgumentParser
internal import Load
internal import Proxy

/// A scenario as a subcommand.
protocol ScenarioCommand: ParsableCommand {
    static var scenario: Scenario { get }
    var route: RouteFlags { get }
    var origin: OriginFlags { get }
    var tool: ToolFlags { get }
    /// Puts what is the scenario's own into `settings`.
    func fill(_ settings: inout Settings)
}

extension ScenarioCommand {
    func settings() throws -> Settings {
        var settings = Settings(Self.scenario, try route.route())
        try origin.fill(&settings)
        tool.fill(&settings)
        fill(&settings)
        return settings
    }

    func validate() throws { _ = try settings() }

    func run() throws {
        let status = Running.run(try settings(), json: tool.json)
        if status != 0 { throw ExitCode(status) }
    }
}

/// The defaults of a scenario, which help texts quote.
private func standard(_ scenario: Scenario) -> Settings { Settings(scenario, .direct) }

private let tunnelRange = 1...10_000_000
private let durationRange = second / 10...86400 * second
private let warmupRange = 0...3600 * second

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

    @OptionGroup(title: "How to get there") var route: RouteFlags
    @OptionGroup(title: "Where to and from") var origin: OriginFlags
    @OptionGroup(title: "Tool") var tool: ToolFlags

    @Option(
        help: help("Tunnels in all.", default: "\(standard(.verify).tunnels)", "count"),
        transform: Reading.count(tunnelRange)
    )
    var tunnels: Int?

    @Option(
        help: help("Tunnels at once.", default: "\(standard(.verify).concurrency)", "count"),
        transform: Reading.count(tunnelRange)
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

struct HoldCommand: ScenarioCommand {
    static let scenario = Scenario.hold
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Many idle tunnels at once, each proved alive at the end.",
        discussion: """
            Opens all tunnels, leaves them alone for --duration, sends a message through each and \
            checks that it comes back, and closes them. With --pid it tells what a tunnel costs in \
            memory.
            """
    )

    @OptionGroup(title: "How to get there") var route: RouteFlags
    @OptionGroup(title: "Where to and from") var origin: OriginFlags
    @OptionGroup(title: "Tool") var tool: ToolFlags

    @Option(
        help: help("Tunnels at once.", default: "\(standard(.hold).tunnels)", "count"),
        transform: Reading.count(tunnelRange)
    )
    var tunnels: Int?

    @Option(
        help: help(
            "Tunnels that are being opened, or proved, at once.",
            default: "\(standard(.hold).concurrency)",
            "count"
        ),
        transform: Reading.count(tunnelRange)
    )
    var concurrency: Int?

    @Option(
        help: help("How long they are left alone.", default: "5s", "duration"),
        transform: Reading.duration(durationRange)
    )
    var duration: UInt64?

    @Option(
        help: help("Bytes of the message that proves a tunnel.", default: "64B", "size"),
        transform: Reading.size(1...1 << 30)
    )
    var size: Int?

    func fill(_ settings: inout Settings) {
        if let tunnels { settings.tunnels = tunnels }
        if let concurrency { settings.concurrency = concurrency }
        if let duration { settings.duration = duration }
        if let size { settings.size = size }
    }
}

struct RateCommand: ScenarioCommand {
    static let scenario = Scenario.rate
    static let configuration = CommandConfiguration(
        commandName: "rate",
        abstract: "Tunnels per second: each is opened, carries one message and back, and is closed."
    )

    @OptionGroup(title: "How to get there") var route: RouteFlags
    @OptionGroup(title: "Where to and from") var origin: OriginFlags
    @OptionGroup(title: "Tool") var tool: ToolFlags

    @Option(
        help: help("Tunnels at once.", default: "\(standard(.rate).concurrency)", "count"),
        transform: Reading.count(tunnelRange)
    )
    var concurrency: Int?

    @Option(
        help: help("Tunnels in all.", default: "as many as --duration lasts for", "count"),
        transform: Reading.count(tunnelRange)
    )
    var count: Int?

    @Option(
        help: help("How long is measured.", default: "5s", "duration"),
        transform: Reading.duration(durationRange)
    )
    var duration: UInt64?

    @Option(
        help: help("How long it runs before that.", default: "1s", "duration"),
        transform: Reading.duration(warmupRange)
    )
    var warmup: UInt64?

    @Option(
        help: help("Bytes of the message.", default: "64B", "size"),
        transform: Reading.size(1...1 << 30)
    )
    var size: Int?

    func fill(_ settings: inout Settings) {
        if let concurrency { settings.concurrency = concurrency }
        if let count { settings.tunnels = count }
        if let duration { settings.duration = duration }
        if let warmup { settings.warmup = warmup }
        if let size { settings.size = size }
    }
}

struct EchoCommand: ScenarioCommand {
    static let scenario = Scenario.echo
    static let configuration = CommandConfiguration(
        commandName: "echo",
        abstract: "Messages per second and their latency: one goes back and forth on each tunnel."
    )

    @OptionGroup(title: "How to get there") var route: RouteFlags
    @OptionGroup(title: "Where to and from") var origin: OriginFlags
    @OptionGroup(title: "Tool") var tool: ToolFlags

    @Option(
        help: help("Tunnels at once.", default: "\(standard(.echo).tunnels)", "count"),
        transform: Reading.count(tunnelRange)
    )
    var tunnels: Int?

    @Option(
        help: help("How long is measured.", default: "5s", "duration"),
        transform: Reading.duration(durationRange)
    )
    var duration: UInt64?

    @Option(
        help: help("How long it runs before that.", default: "1s", "duration"),
        transform: Reading.duration(warmupRange)
    )
    var warmup: UInt64?

    @Option(
        help: help("Bytes of a message.", default: "64B", "size"),
        transform: Reading.size(1...1 << 30)
    )
    var size: Int?

    func fill(_ settings: inout Settings) {
        if let tunnels { settings.tunnels = tunnels }
        if let duration { settings.duration = duration }
        if let warmup { settings.warmup = warmup }
        if let size { settings.size = size }
    }
}

struct BulkCommand: ScenarioCommand {
    static let scenario = Scenario.bulk
    static let configuration = CommandConfiguration(
        commandName: "bulk",
        abstract: "Bytes per second: streams as fast as they go."
    )

    @OptionGroup(title: "How to get there") var route: RouteFlags
    @OptionGroup(title: "Where to and from") var origin: OriginFlags
    @OptionGroup(title: "Tool") var tool: ToolFlags

    @Option(
        help: help("Tunnels at once.", default: "\(standard(.bulk).tunnels)", "count"),
        transform: Reading.count(tunnelRange)
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
        help: help("How long is measured.", default: "5s", "duration"),
        transform: Reading.duration(durationRange)
    )
    var duration: UInt64?

    @Option(
        help: help("How long it runs before that.", default: "1s", "duration"),
        transform: Reading.duration(warmupRange)
    )
    var warmup: UInt64?

    @Option(
        help: help("Bytes of one send, at most.", default: "256KiB", "size"),
        transform: Reading.size(1...Pattern.sliceMax)
    )
    var size: Int?

    func fill(_ settings: inout Settings) {
        if let tunnels { settings.tunnels = tunnels }
        if let direction { settings.direction = direction }
        if let duration { settings.duration = duration }
        if let warmup { settings.warmup = warmup }
        if let size { settings.size = size }
    }
}

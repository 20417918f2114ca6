internal import ArgumentParser
internal import Internet
internal import Load

/// How the origin is reached; one of the three.
struct RouteFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp("Ask the proxy there to CONNECT.", valueName: "host:port"),
        transform: Reading.endpoint
    )
    var proxy: Endpoint?

    @Flag(help: "Connect to the origin itself: what the machine does without a proxy.")
    var direct = false

    @Option(
        help: ArgumentHelp(
            "Connect to a plain TCP relay that leads to the origin; needs --listen.",
            valueName: "host:port"
        ),
        transform: Reading.endpoint
    )
    var relay: Endpoint?

    /// The route that was given.
    func route() throws -> Route {
        var routes: [Route] = []
        if let proxy { routes.append(.proxy(proxy)) }
        if direct { routes.append(.direct) }
        if let relay { routes.append(.relay(relay)) }
        guard routes.count == 1, let route = routes.first else {
            throw ValidationError(
                "Give exactly one of '--proxy HOST:PORT', '--relay HOST:PORT' and '--direct'."
            )
        }
        return route
    }
}

/// Where tunnels end.
struct OriginFlags: ParsableArguments {
    @Option(
        help: help(
            "Loopback addresses of the tool's own origin.",
            default: "one for each 8000 tunnels; 4 for rate",
            "count"
        ),
        transform: Reading.count(1...65536)
    )
    var origins: Int?

    @Option(
        help: help(
            "Where the tool's own origin listens. Repeatable.",
            default: "free ports of 127.0.0.1 and following",
            "address:port"
        ),
        transform: Reading.listener
    )
    var listen: [Endpoint] = []

    @Option(
        help: help(
            "An origin that is there already and echoes what it gets. Repeatable.",
            default: "the tool's own",
            "host:port"
        ),
        transform: Reading.endpoint
    )
    var origin: [Endpoint] = []

    @Option(
        help: help(
            "Address to connect from, or a range (127.9.0.1-127.9.0.8), each in turn. Repeatable.",
            default: "the kernel's choice, or loopback addresses where one isn't enough",
            "address"
        ),
        transform: Reading.addresses
    )
    var source: [[Address]] = []

    func fill(_ settings: inout Settings) throws {
        settings.origins = origins
        settings.listen = listen
        settings.externalOrigins = origin
        settings.sources = source.flatMap { $0 }
        guard origin.isEmpty || (listen.isEmpty && origins == nil) else {
            throw ValidationError(
                "'--origin \(origin[0])' excludes '--origins' and '--listen', which are about the "
                    + "tool's own origin."
            )
        }
        guard listen.isEmpty || origins == nil else {
            throw ValidationError("'--listen \(listen[0])' excludes '--origins'; give one of them.")
        }
    }
}

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
        help: help("How long a tunnel may stand still before it has failed.", default: "10s", "duration"),
        transform: Reading.duration(second / 10...3600 * second)
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

    func fill(_ settings: inout Settings) {
        settings.workers = workers
        settings.originWorkers = originWorkers
        if let timeout { settings.timeout = timeout }
        if let seed { settings.seed = seed }
        settings.processes = pid
    }
}

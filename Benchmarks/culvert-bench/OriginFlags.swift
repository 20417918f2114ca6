internal import ArgumentParser
internal import Internet
internal import Load

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

    @Flag(
        help: """
            TLS inside the tunnels, ended by the tool's own origin with a certificate made at the \
            start, or by --origin, whose certificate is not looked at.
            """
    )
    var tls = false

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
        settings.isSecure = tls
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

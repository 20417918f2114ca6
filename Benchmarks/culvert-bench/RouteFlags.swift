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

    @Option(
        help: ArgumentHelp(
            "A user and a password for the proxy (Basic).",
            valueName: "user:password"
        ),
        transform: { text in
            if let credentials = Credentials(text) { return credentials }
            throw ValidationError(
                "allowed is USER:PASSWORD without control characters, of at most "
                    + "\(Credentials.byteMax) bytes."
            )
        }
    )
    var credentials: Credentials?

    @Option(
        help: ArgumentHelp(
            "Users in turn, whose names have a number behind that of --credentials, from 0 on.",
            valueName: "count"
        ),
        transform: Reading.count(1...Credentials.countMax)
    )
    var users: Int?

    /// Whom the proxy is told that the tunnels are for.
    var asker: Credentials? {
        var asker = credentials
        asker?.count = users ?? 1
        return asker
    }

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
        guard proxy != nil || credentials == nil else {
            throw ValidationError("'--credentials' is for '--proxy': nobody else is asked.")
        }
        guard credentials != nil || users == nil else {
            throw ValidationError("'--users' is for '--credentials': they all have its password.")
        }
        return route
    }
}

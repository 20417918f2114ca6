internal import ArgumentParser
internal import Proxy

private let seconds: UInt64 = 1_000_000_000

/// Tunnels in ordinary requests, for clients whose network lets no CONNECT out.
struct MethodFlags: FlagGroup {
    @Option(
        help: help(
            "Path below which tunnels are carried by POST, PUT, GET and DELETE, as in /tunnel.",
            default: "none",
            "path"
        ),
        transform: Reading.path
    )
    var methodTunnel: String?

    @Option(
        help: help(
            "Sessions of such tunnels on each worker, at most.",
            default: "\(defaults.sessionsMax)",
            "count"
        ),
        transform: Reading.count(1...65536)
    )
    var maxSessions: Int?

    @Option(
        help: help(
            "Sessions at once for each user; without --users, for each client address (each /64 of "
                + "IPv6).",
            default: "\(defaults.sessionsPerUserMax)",
            "count"
        ),
        transform: Reading.count(1...65536)
    )
    var maxSessionsPerUser: Int?

    @Option(
        help: help(
            "Without a request of its client before a session ends.",
            default: show(defaults.sessionGrace),
            "duration"
        ),
        transform: Reading.duration(10 * seconds...86400 * seconds, whole: seconds)
    )
    var sessionGrace: UInt64?

    @Option(
        help: help(
            "For which a request may wait for bytes; at most half of --session-grace counts.",
            default: show(defaults.pollTimeout),
            "duration"
        ),
        transform: Reading.duration(seconds...600 * seconds, whole: seconds)
    )
    var pollTimeout: UInt64?

    @Option(
        help: help(
            "From the end of such a request's head to the end of its body.",
            default: show(defaults.bodyTimeout),
            "duration"
        ),
        transform: Reading.duration(seconds / 1000...86400 * seconds)
    )
    var bodyTimeout: UInt64?

    func fill(_ configuration: inout Configuration) {
        if let methodTunnel { configuration.methodTunnel = methodTunnel }
        if let maxSessions { configuration.sessionsMax = maxSessions }
        if let maxSessionsPerUser { configuration.sessionsPerUserMax = maxSessionsPerUser }
        if let sessionGrace { configuration.sessionGrace = sessionGrace }
        if let pollTimeout { configuration.pollTimeout = pollTimeout }
        if let bodyTimeout { configuration.bodyTimeout = bodyTimeout }
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        let path = configuration.methodTunnel
        let values: [(String, String, Bool)] = [
            ("--method-tunnel", path.isEmpty ? "none" : path, methodTunnel != nil),
            ("--max-sessions", "\(configuration.sessionsMax)", maxSessions != nil),
            (
                "--max-sessions-per-user", "\(configuration.sessionsPerUserMax)",
                maxSessionsPerUser != nil
            ),
            ("--session-grace", show(configuration.sessionGrace), sessionGrace != nil),
            ("--poll-timeout", show(configuration.pollTimeout), pollTimeout != nil),
            ("--body-timeout", show(configuration.bodyTimeout), bodyTimeout != nil),
        ]
        return values.map { ConfigurationLine($0, $1, given: $2) }
    }
}

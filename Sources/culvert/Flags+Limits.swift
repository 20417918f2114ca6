internal import ArgumentParser
internal import Kernel
internal import Proxy

private let milliseconds: UInt64 = 1_000_000
private let hours: UInt64 = 3_600_000_000_000

/// How long each state of a tunnel may last.
struct TimeFlags: FlagGroup {
    @Option(
        help: help(
            "From accept to the end of the head.",
            default: show(defaults.headTimeout),
            "duration"
        ),
        transform: Reading.duration(milliseconds...24 * hours)
    )
    var headTimeout: UInt64?

    @Option(
        help: help(
            "For finding the addresses of a name.",
            default: show(defaults.resolveTimeout),
            "duration"
        ),
        transform: Reading.duration(milliseconds...24 * hours)
    )
    var resolveTimeout: UInt64?

    @Option(
        help: help(
            "For connecting upstream, all attempts together.",
            default: show(defaults.connectTimeout),
            "duration"
        ),
        transform: Reading.duration(milliseconds...24 * hours)
    )
    var connectTimeout: UInt64?

    @Option(
        help: help(
            "Before the next address of a name is tried beside one that has not answered.",
            default: show(defaults.attemptDelay),
            "duration"
        ),
        transform: Reading.duration(10 * milliseconds...60_000 * milliseconds)
    )
    var attemptDelay: UInt64?

    @Option(
        help: help(
            "Without a byte in either direction; 0: never.",
            default: show(defaults.idleTimeout, zero: "off"),
            "duration"
        ),
        transform: Reading.duration(milliseconds...8760 * hours, zeroIs: "never")
    )
    var idleTimeout: UInt64?

    @Option(
        help: help(
            "Without a byte once one direction has ended; 0: never.",
            default: show(defaults.halfClosedTimeout, zero: "off"),
            "duration"
        ),
        transform: Reading.duration(milliseconds...8760 * hours, zeroIs: "never")
    )
    var halfClosedTimeout: UInt64?

    @Option(
        help: help(
            "From accept to the end, whatever happens; 0: never.",
            default: show(defaults.maxLifetime, zero: "off"),
            "duration"
        ),
        transform: Reading.duration(milliseconds...8760 * hours, zeroIs: "never")
    )
    var maxLifetime: UInt64?

    @Option(
        help: help(
            "From the first signal to the end of the last tunnel.",
            default: show(defaults.drainTimeout),
            "duration"
        ),
        transform: Reading.duration(milliseconds...24 * hours)
    )
    var drainTimeout: UInt64?

    func fill(_ configuration: inout Configuration) {
        if let headTimeout { configuration.headTimeout = headTimeout }
        if let resolveTimeout { configuration.resolveTimeout = resolveTimeout }
        if let connectTimeout { configuration.connectTimeout = connectTimeout }
        if let attemptDelay { configuration.attemptDelay = attemptDelay }
        if let idleTimeout { configuration.idleTimeout = idleTimeout }
        if let halfClosedTimeout { configuration.halfClosedTimeout = halfClosedTimeout }
        if let maxLifetime { configuration.maxLifetime = maxLifetime }
        if let drainTimeout { configuration.drainTimeout = drainTimeout }
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        let times: [(String, UInt64, UInt64?)] = [
            ("--head-timeout", configuration.headTimeout, headTimeout),
            ("--resolve-timeout", configuration.resolveTimeout, resolveTimeout),
            ("--connect-timeout", configuration.connectTimeout, connectTimeout),
            ("--attempt-delay", configuration.attemptDelay, attemptDelay),
            ("--idle-timeout", configuration.idleTimeout, idleTimeout),
            ("--half-closed-timeout", configuration.halfClosedTimeout, halfClosedTimeout),
            ("--max-lifetime", configuration.maxLifetime, maxLifetime),
            ("--drain-timeout", configuration.drainTimeout, drainTimeout),
        ]
        return times.map { flag, value, given in
            ConfigurationLine(flag, show(value, zero: "off"), given: given != nil)
        }
    }
}

/// How much of everything there may be.
struct LimitFlags: FlagGroup {
    @Option(
        help: help(
            "Tunnels at once; 0: as many as the open-file limit allows.",
            default: "\(defaults.maxTunnels)",
            "count"
        ),
        transform: Reading.count(1...100_000_000, zeroIs: "as many as the open-file limit allows")
    )
    var maxTunnels: Int?

    @Option(
        help: help(
            "Tunnels at once for each client address (each /64 of IPv6); 0: no limit.",
            default: "\(defaults.maxTunnelsPerClient)",
            "count"
        ),
        transform: Reading.count(1...100_000_000, zeroIs: "no limit")
    )
    var maxTunnelsPerClient: Int?

    @Option(
        help: help(
            "Bytes of a request head.",
            default: show(bytes: defaults.headBytesMax),
            "size"
        ),
        transform: Reading.size(512...1 << 20)
    )
    var headBytes: Int?

    @Option(
        help: help(
            "Bytes of one line of a head.",
            default: show(bytes: defaults.headLineBytesMax),
            "size"
        ),
        transform: Reading.size(256...1 << 20)
    )
    var headLineBytes: Int?

    @Option(
        help: help("Field lines of a head.", default: "\(defaults.headFieldsMax)", "count"),
        transform: Reading.count(1...10000)
    )
    var headFields: Int?

    func fill(_ configuration: inout Configuration) {
        if let maxTunnels { configuration.maxTunnels = maxTunnels }
        if let maxTunnelsPerClient { configuration.maxTunnelsPerClient = maxTunnelsPerClient }
        if let headBytes { configuration.headBytesMax = headBytes }
        if let headFields { configuration.headFieldsMax = headFields }
        // Who makes the head smaller need not think of its lines.
        configuration.headLineBytesMax =
            headLineBytes ?? min(defaults.headLineBytesMax, configuration.headBytesMax)
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        let line = show(bytes: configuration.headLineBytesMax)
        let isShortened =
            headLineBytes == nil && configuration.headLineBytesMax != defaults.headLineBytesMax
        return [
            tunnelsLine(configuration),
            ConfigurationLine(
                "--max-tunnels-per-client",
                configuration.maxTunnelsPerClient > 0
                    ? "\(configuration.maxTunnelsPerClient)" : "off",
                given: maxTunnelsPerClient != nil
            ),
            ConfigurationLine(
                "--head-bytes",
                show(bytes: configuration.headBytesMax),
                given: headBytes != nil
            ),
            isShortened
                ? ConfigurationLine("--head-line-bytes", line, derived: "--head-bytes")
                : ConfigurationLine("--head-line-bytes", line, given: headLineBytes != nil),
            ConfigurationLine(
                "--head-fields",
                "\(configuration.headFieldsMax)",
                given: headFields != nil
            ),
        ]
    }

    private func tunnelsLine(_ configuration: Configuration) -> ConfigurationLine {
        let limit = Descriptors.limits().hard
        let ceiling = configuration.tunnelCeiling(openFileLimit: limit)
        let cause = "open-file limit of \(limit) for each worker"
        guard configuration.maxTunnels > 0 else {
            return ConfigurationLine("--max-tunnels", "\(ceiling)", derived: cause)
        }
        guard configuration.maxTunnels <= ceiling else {
            let cause = "\(configuration.maxTunnels) by flag, but \(cause)"
            return ConfigurationLine("--max-tunnels", "\(ceiling)", derived: cause)
        }
        return ConfigurationLine("--max-tunnels", "\(configuration.maxTunnels)", given: true)
    }
}

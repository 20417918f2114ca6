internal import ArgumentParser
internal import Internet
internal import Proxy

/// Who may go where.
struct AccessFlags: FlagGroup {
    @Option(
        help: help(
            "File of the users that may use it, as htpasswd writes it.",
            default: "everybody may",
            "file"
        ),
        transform: Reading.file
    )
    var users: String?

    @Option(
        help: help(
            "How long credentials that were right aren't checked again.",
            default: show(defaults.credentialLifetime),
            "duration"
        ),
        transform: Reading.duration(1_000_000...86400_000_000_000)
    )
    var credentialLifetime: UInt64?

    @Option(
        help: help(
            "Wrong credentials of a client address in a minute before no more are checked; "
                + "0: no limit.",
            default: "\(defaults.maxFailuresPerClient)",
            "count"
        ),
        transform: Reading.count(1...1_000_000, zeroIs: "no limit")
    )
    var maxFailuresPerClient: Int?

    @Option(
        help: help(
            "Port, range (8000-8999) or any that may be dialled, in place of 443. Repeatable.",
            default: defaults.allowedPorts.map { Quantities.text(ports: $0) }
                .joined(separator: " "),
            "ports"
        ),
        transform: Reading.ports
    )
    var allowPort: [ClosedRange<UInt16>] = []

    @Flag(
        help: "Let loopback, private, link-local and shared addresses be dialled. Default: refused."
    )
    var allowPrivate = false

    @Option(
        help: help(
            "File of rules of who may go where; what none allows is denied.",
            default: "no rules",
            "file"
        ),
        transform: Reading.file
    )
    var policy: String?

    @Flag(help: "On SIGHUP, end tunnels that the new rules or users forbid. Default: they stay.")
    var enforceOnReload = false

    @OptionGroup var rules: RuleFlags

    @Option(
        help: help(
            "Local address to dial from, each in turn. Repeatable.",
            default: "the kernel's choice",
            "address"
        ),
        transform: Reading.address
    )
    var bind: [Address] = []

    func fill(_ configuration: inout Configuration) {
        if let users { configuration.usersFile = users }
        if let credentialLifetime { configuration.credentialLifetime = credentialLifetime }
        if let maxFailuresPerClient { configuration.maxFailuresPerClient = maxFailuresPerClient }
        if !allowPort.isEmpty { configuration.allowedPorts = allowPort }
        if allowPrivate { configuration.allowsPrivate = true }
        if let policy { configuration.policyFile = policy }
        if enforceOnReload { configuration.enforcesOnReload = true }
        rules.fill(&configuration)
        if !bind.isEmpty { configuration.bind = bind }
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        let ports = configuration.allowedPorts.map {
            ConfigurationLine("--allow-port", Quantities.text(ports: $0), given: !allowPort.isEmpty)
        }
        let allowed = configuration.allowsPrivate ? "on" : "off"
        let sources = configuration.bind.map {
            ConfigurationLine("--bind", "\($0)", given: true)
        }
        return userLines(configuration) + ports
            + [ConfigurationLine("--allow-private", allowed, given: allowPrivate)]
            + [ConfigurationLine("--policy", policy ?? "no rules", given: policy != nil)]
            + [
                ConfigurationLine(
                    "--enforce-on-reload",
                    configuration.enforcesOnReload ? "on" : "off",
                    given: enforceOnReload
                )
            ]
            + rules.lines(configuration)
            + (sources.isEmpty
                ? [ConfigurationLine("--bind", "the kernel's choice", given: false)] : sources)
    }

    private func userLines(_ configuration: Configuration) -> [ConfigurationLine] {
        let file = configuration.usersFile.isEmpty ? "everybody may" : configuration.usersFile
        let failures = configuration.maxFailuresPerClient
        return [
            ConfigurationLine("--users", file, given: users != nil),
            ConfigurationLine(
                "--credential-lifetime",
                show(configuration.credentialLifetime),
                given: credentialLifetime != nil
            ),
            ConfigurationLine(
                "--max-failures-per-client",
                failures == 0 ? "off" : "\(failures)",
                given: maxFailuresPerClient != nil
            ),
        ]
    }
}

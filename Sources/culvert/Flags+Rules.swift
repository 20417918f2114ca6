internal import ArgumentParser
internal import Internet
internal import Policy
internal import Proxy

/// Which hosts and networks may be asked for.
struct RuleFlags: FlagGroup {
    @Option(
        help: help(
            "Host (or *.host: all below it) that may be asked for; others then may not. "
                + "Repeatable.",
            default: "all may",
            "host"
        ),
        transform: Reading.host
    )
    var allowHost: [HostPattern] = []

    @Option(
        help: help(
            "Host (or *.host: all below it) that may not be asked for. Repeatable.",
            default: "none",
            "host"
        ),
        transform: Reading.host
    )
    var denyHost: [HostPattern] = []

    @Option(
        help: help(
            "Network or address that may be dialled, private or not; others then may not. "
                + "Repeatable.",
            default: "all that is public",
            "network"
        ),
        transform: Reading.network
    )
    var allowNetwork: [Prefix] = []

    @Option(
        help: help(
            "Network or address that may not be dialled. Repeatable.",
            default: "none",
            "network"
        ),
        transform: Reading.network
    )
    var denyNetwork: [Prefix] = []

    func fill(_ configuration: inout Configuration) {
        configuration.simpleRules.allowedHosts += allowHost
        configuration.simpleRules.deniedHosts += denyHost
        configuration.simpleRules.allowedNetworks += allowNetwork
        configuration.simpleRules.deniedNetworks += denyNetwork
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        let rules = configuration.simpleRules
        func lines(_ flag: String, _ values: [String], none: String) -> [ConfigurationLine] {
            guard !values.isEmpty else { return [ConfigurationLine(flag, none, given: false)] }
            return values.map { ConfigurationLine(flag, $0, given: true) }
        }
        return lines("--allow-host", rules.allowedHosts.map { "\($0)" }, none: "all may")
            + lines("--deny-host", rules.deniedHosts.map { "\($0)" }, none: "none")
            + lines(
                "--allow-network",
                rules.allowedNetworks.map { "\($0)" },
                none: "all that is public"
            )
            + lines("--deny-network", rules.deniedNetworks.map { "\($0)" }, none: "none")
    }
}

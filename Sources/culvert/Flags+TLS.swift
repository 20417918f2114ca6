internal import ArgumentParser
internal import Policy
internal import Proxy

private let milliseconds: UInt64 = 1_000_000
private let hours: UInt64 = 3_600_000_000_000

/// Which tunnels must be TLS, and what their first bytes must say.
struct TLSFlags: FlagGroup {
    @Option(
        help: help(
            "Ports and ranges (443,8443-8444) whose tunnels must begin with a TLS ClientHello; "
                + "any; none.",
            default: show(ports: defaults.tlsPorts),
            "list"
        ),
        transform: Reading.portList
    )
    var tlsPorts: [ClosedRange<UInt16>]?

    @Option(
        help: help(
            "match: the server name (SNI) in the ClientHello must be the host of the request; off.",
            default: defaults.tlsServerName.rawValue,
            "rule"
        ),
        transform: Reading.word
    )
    var tlsSni: Configuration.ServerNameRule?

    @Option(
        help: help(
            "Server name, or *.suffix, that may differ from the host of the request. Repeatable.",
            default: "none",
            "pattern"
        ),
        transform: Reading.namePattern
    )
    var tlsSniAllow: [HostPattern] = []

    @Option(
        help: help(
            "Whether a ClientHello may name no server where the name must match, by --tls-sni or a "
                + "rule: allow or deny.",
            default: defaults.tlsMissingName.rawValue,
            "rule"
        ),
        transform: Reading.word
    )
    var tlsSniMissing: Configuration.Permission?

    @Option(
        help: help(
            "Whether a ClientHello may hold an encrypted one (ECH), as those of browsers do: allow "
                + "or deny.",
            default: defaults.tlsEncryptedHello.rawValue,
            "rule"
        ),
        transform: Reading.word
    )
    var tlsEch: Configuration.Permission?

    @Option(
        help: help(
            "From the 200 to the end of the ClientHello.",
            default: show(defaults.tlsHelloTimeout),
            "duration"
        ),
        transform: Reading.duration(milliseconds...24 * hours)
    )
    var tlsHelloTimeout: UInt64?

    func fill(_ configuration: inout Configuration) {
        if let tlsPorts { configuration.tlsPorts = tlsPorts }
        if let tlsSni { configuration.tlsServerName = tlsSni }
        if !tlsSniAllow.isEmpty { configuration.tlsFurtherNames = tlsSniAllow }
        if let tlsSniMissing { configuration.tlsMissingName = tlsSniMissing }
        if let tlsEch { configuration.tlsEncryptedHello = tlsEch }
        if let tlsHelloTimeout { configuration.tlsHelloTimeout = tlsHelloTimeout }
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        let names = configuration.tlsFurtherNames.map {
            ConfigurationLine("--tls-sni-allow", "\($0)", given: true)
        }
        let values: [(String, String, Bool)] = [
            ("--tls-ports", show(ports: configuration.tlsPorts), tlsPorts != nil),
            ("--tls-sni", configuration.tlsServerName.rawValue, tlsSni != nil),
            ("--tls-sni-missing", configuration.tlsMissingName.rawValue, tlsSniMissing != nil),
            ("--tls-ech", configuration.tlsEncryptedHello.rawValue, tlsEch != nil),
            ("--tls-hello-timeout", show(configuration.tlsHelloTimeout), tlsHelloTimeout != nil),
        ]
        return values.map { ConfigurationLine($0, $1, given: $2) }
            + (names.isEmpty ? [ConfigurationLine("--tls-sni-allow", "none", given: false)] : names)
    }
}

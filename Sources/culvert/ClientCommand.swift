internal import ArgumentParser
internal import Client
internal import Connect
internal import Internet
internal import Kernel
internal import Proxy

/// Carries tunnels in ordinary requests to a culvert outside, where CONNECT is forbidden.
struct ClientCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        _superCommandName: "culvert",
        abstract: "Offer CONNECT here, and carry it in ordinary requests to a culvert outside.",
        usage: "culvert client --server <url> [<flag> ...]",
        discussion: """
            For networks that let out GET, PUT and POST but not CONNECT. The server is a culvert \
            that runs with --method-tunnel. Serves until SIGTERM or SIGINT.
            """,
        version: "culvert \(Culvert.version)"
    )

    @Option(
        help: ArgumentHelp(
            "The server of the tunnel, with the path of its --method-tunnel.",
            valueName: "url"
        ),
        transform: Self.server
    )
    var server: ServerLocation

    @Option(
        help: ArgumentHelp(
            "File with USER:PASSWORD for the server.",
            valueName: "file"
        )
    )
    var credentials: String?

    @Option(
        help: help(
            "Endpoint to offer CONNECT on. Repeatable. none: only forwards.",
            default: defaults.listen.map { "\($0)" }.joined(separator: " "),
            "address:port"
        )
    )
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "Port of 127.0.0.1, or ADDRESS:PORT, that leads to one place. Repeatable.",
            valueName: "port=host:port"
        ),
        transform: Self.forward
    )
    var forward: [ClientConfiguration.Forward] = []

    @Option(
        help: help(
            "The network's own proxy for HTTP; none: go out directly.",
            default: "http_proxy and no_proxy of the environment",
            "host:port"
        )
    )
    var viaProxy: String?

    @Option(
        help: ArgumentHelp(
            "File with USER:PASSWORD for the network's proxy.",
            valueName: "file"
        )
    )
    var viaProxyCredentials: String?

    @Option(
        help: help("Name in Proxy-Status.", default: "the host's name", "name"),
        transform: Reading.name
    )
    var name: String?

    @Option(
        help: help(
            "From the first signal to the end of the last tunnel.",
            default: show(defaults.drainTimeout),
            "duration"
        ),
        transform: Reading.duration(1_000_000...86_400_000_000_000)
    )
    var drainTimeout: UInt64?

    @OptionGroup(title: "Sockets") var transport: TransportFlags
    @OptionGroup(title: "Finding names") var names: NameFlags
    @OptionGroup(title: "Journal") var journal: JournalFlags

    private static func server(_ text: String) throws -> ServerLocation {
        do {
            return try ServerLocation(text)
        } catch {
            throw ValidationError("\(error).")
        }
    }

    private static func forward(_ text: String) throws -> ClientConfiguration.Forward {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2,
            let endpoint = Endpoint(parts[0]) ?? Endpoint("127.0.0.1:\(parts[0])"),
            let authority = try? Reading.authority(parts[1])
        else {
            throw ValidationError(
                "allowed is PORT=HOST:PORT or ADDRESS:PORT=HOST:PORT, as in "
                    + "2222=host.example:22."
            )
        }
        return ClientConfiguration.Forward(endpoint, to: authority)
    }

    func validate() throws {
        let offers = try endpoints().map { ("--listen", $0) }
        try Consistency.checkListeners(offers + forward.map { ("--forward", $0.endpoint) })
        guard listen != ["none"] || !forward.isEmpty else {
            throw ValidationError("--listen none: leaves nothing to do without --forward.")
        }
        if let viaProxy, viaProxy != "none" { _ = try Self.proxy(viaProxy) }
    }

    private func endpoints() throws -> [Endpoint] {
        if listen == ["none"] { return [] }
        guard !listen.isEmpty else { return defaults.listen }
        return try listen.map { text in
            do {
                return try Reading.endpoint(text)
            } catch {
                throw ValidationError("--listen \(text): \(error)")
            }
        }
    }

    private static func proxy(_ text: String) throws -> Authority {
        do {
            return try Reading.authority(text)
        } catch {
            throw ValidationError("--via-proxy \(text): \(error)")
        }
    }

    func run() throws {
        let status = ClientServing.run { () throws(StartError) in try settings() }
        if status != 0 { throw ExitCode(status) }
    }

    private func settings() throws(StartError) -> ClientConfiguration {
        var settings = ClientConfiguration(server)
        transport.fill(&settings.general)
        names.fill(&settings.general)
        journal.fill(&settings.general)
        if let name { settings.general.name = name }
        if let drainTimeout { settings.general.drainTimeout = drainTimeout }
        settings.forwards = forward
        do {
            settings.general.listen = try endpoints()
            if let viaProxy, viaProxy != "none" { settings.proxy = try Self.proxy(viaProxy) }
        } catch {
            throw StartError("\(error)")
        }
        if viaProxy == nil { try takeEnvironment(&settings) }
        if let credentials {
            settings.credentials = try Self.credentials(credentials, "--credentials")
        }
        if let viaProxyCredentials {
            guard settings.proxy != nil else {
                throw StartError(
                    "--via-proxy-credentials: there is no proxy; name it by "
                        + "--via-proxy or http_proxy"
                )
            }
            let flag = "--via-proxy-credentials"
            settings.proxyCredentials = try Self.credentials(viaProxyCredentials, flag)
        }
        return settings
    }

    /// Takes the network's proxy from where its other clients find it.
    private func takeEnvironment(_ settings: inout ClientConfiguration) throws(StartError) {
        guard let value = SystemName.environment("http_proxy"), !value.isEmpty else { return }
        let exempt = SystemName.environment("no_proxy") ?? SystemName.environment("NO_PROXY")
        if let exempt, ProxyLocation.isExempt(server, exempt) { return }
        do throws(LocationError) {
            let proxy = try ProxyLocation(value)
            settings.proxy = proxy.authority
            settings.proxyCredentials = proxy.credentials
        } catch {
            throw StartError(
                "the environment's http_proxy: \(error); correct it, or give --via-proxy HOST:PORT "
                    + "or --via-proxy none"
            )
        }
    }

    /// The credentials in the first line of the file at `path`.
    private static func credentials(
        _ path: String,
        _ flag: String
    ) throws(StartError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try SystemFile.bytes(path, atMost: 4096)
        } catch {
            throw StartError("\(flag) \(path): can't be read (\(error))")
        }
        let line = Array(bytes.prefix { $0 != 0x0a && $0 != 0x0d })
        guard BasicCredentials.value(line) != nil else {
            throw StartError(
                "\(flag) \(path): its first line must be \(BasicCredentials.form)"
            )
        }
        return line
    }
}

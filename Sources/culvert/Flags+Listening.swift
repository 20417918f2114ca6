internal import ArgumentParser
internal import Internet
internal import Kernel
internal import Proxy

/// Where we listen, and with what.
struct ListeningFlags: FlagGroup {
    @Option(
        help: help(
            "Endpoint to accept clients on; port 0 takes a free one. Repeatable.",
            default: defaults.listen.map { "\($0)" }.joined(separator: " "),
            "address:port"
        ),
        transform: Reading.endpoint
    )
    var listen: [Endpoint] = []

    @Option(
        help: help("Name in Proxy-Status.", default: "the host's name", "name"),
        transform: Reading.name
    )
    var name: String?

    @Option(
        help: help("Worker threads; 0: one for each CPU.", default: "\(defaults.workers)", "count"),
        transform: Reading.count(1...1024, zeroIs: "one for each CPU")
    )
    var workers: Int?

    @Option(
        help: help("CPUs to pin workers to, in turn: 0,2-3.", default: "the kernel's", "list"),
        transform: Reading.cpus
    )
    var cpus: [Int]?

    @Option(
        help: help(
            "Connections that may wait on each worker's listener.",
            default: "\(defaults.backlog)",
            "count"
        ),
        transform: Reading.count(1...65535)
    )
    var backlog: Int?

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Take clients on the CPU that handles their packets; pass them on to workers with "
                + "fewer tunnels, and move busy ones to workers with less to do. "
                + "Default: \(defaults.balance ? "on" : "off")."
        )
    )
    var balance: Bool?

    func fill(_ configuration: inout Configuration) {
        if !listen.isEmpty { configuration.listen = listen }
        if let name { configuration.name = name }
        if let workers { configuration.workers = workers }
        if let cpus { configuration.cpus = cpus }
        if let backlog { configuration.backlog = backlog }
        if let balance { configuration.balance = balance }
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        var lines = configuration.listen.map {
            ConfigurationLine("--listen", "\($0)", given: !listen.isEmpty)
        }
        lines.append(
            name.map { ConfigurationLine("--name", $0, given: true) }
                ?? ConfigurationLine("--name", SystemName.host, derived: "the host's name")
        )
        lines.append(workersLine(configuration))
        lines.append(
            cpus.map { ConfigurationLine("--cpus", Quantities.text(cpus: $0), given: true) }
                ?? ConfigurationLine(
                    "--cpus",
                    Quantities.text(cpus: Thread.allowedCPUs),
                    derived: "CPUs of this process"
                )
        )
        lines.append(
            ConfigurationLine("--backlog", "\(configuration.backlog)", given: backlog != nil)
        )
        lines.append(
            ConfigurationLine(
                "--balance",
                configuration.balance ? "on" : "off",
                given: balance != nil
            )
        )
        return lines
    }

    private func workersLine(_ configuration: Configuration) -> ConfigurationLine {
        let count = configuration.workerCount
        return configuration.workers > 0
            ? ConfigurationLine("--workers", "\(count)", given: true)
            : ConfigurationLine("--workers", "\(count)", derived: "one for each CPU")
    }
}

/// How names are found.
struct NameFlags: FlagGroup {
    @Option(
        help: help(
            "Name server to ask, with its port if that is not 53. Repeatable.",
            default: "those of /etc/resolv.conf",
            "address[:port]"
        ),
        transform: Reading.nameServer
    )
    var nameServer: [Endpoint] = []

    @Option(
        help: help(
            "Hosts file, looked at first; off: none.",
            default: defaults.hostsFile,
            "path"
        )
    )
    var hostsFile: String?

    func fill(_ configuration: inout Configuration) {
        if !nameServer.isEmpty { configuration.nameServers = nameServer }
        if let hostsFile { configuration.hostsFile = hostsFile == "off" ? "" : hostsFile }
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        let servers = configuration.nameServers.map {
            ConfigurationLine("--name-server", "\($0)", given: true)
        }
        let file = configuration.hostsFile.isEmpty ? "off" : configuration.hostsFile
        return
            (servers.isEmpty
            ? [ConfigurationLine("--name-server", "those of /etc/resolv.conf", given: false)]
            : servers) + [ConfigurationLine("--hosts-file", file, given: hostsFile != nil)]
    }
}

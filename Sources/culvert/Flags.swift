internal import ArgumentParser
internal import Proxy

/// Flags that belong together: a title in the help, a part of the configuration.
protocol FlagGroup: ParsableArguments {
    /// Puts what was given into `configuration`, and leaves the rest as it is.
    func fill(_ configuration: inout Configuration)
    /// The lines of --show-configuration for a `configuration` that has been filled.
    func lines(_ configuration: Configuration) -> [ConfigurationLine]
}

/// The command: its flags are those of serving, which needs no subcommand.
struct Culvert: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "culvert",
        abstract: "An HTTP tunnel proxy on io_uring.",
        usage: """
            culvert [serve] [<flag> ...]
            culvert doctor [<flag> ...]
            culvert check --policy <file>
            culvert explain --policy <file> [<flag> ...] <host:port>
            culvert test --policy <file> <cases>
            culvert passwd <file> <user>
            culvert client --server <url> [<flag> ...]
            """,
        discussion: """
            Serves until SIGTERM or SIGINT. Durations have a unit: 250ms, 30s, 5m, 1h. \
            Sizes are bytes, bare or with B, KiB, MiB or GiB.
            """,
        version: "culvert \(version)",
        subcommands: [
            DoctorCommand.self, CheckCommand.self, ExplainCommand.self, TestCommand.self,
            PasswordCommand.self, ClientCommand.self,
        ]
    )

    static let version = "0.1.0"

    @OptionGroup(title: "Listening") var listening: ListeningFlags
    @OptionGroup(title: "Who may go where") var access: AccessFlags
    @OptionGroup(title: "Tunnels that must be TLS") var tls: TLSFlags
    @OptionGroup(title: "Tunnels without CONNECT") var method: MethodFlags
    @OptionGroup(title: "Finding names") var names: NameFlags
    @OptionGroup(title: "Times") var times: TimeFlags
    @OptionGroup(title: "Limits") var limits: LimitFlags
    @OptionGroup(title: "Relay") var relay: RelayFlags
    @OptionGroup(title: "Ring") var ring: RingFlags
    @OptionGroup(title: "Sockets") var sockets: SocketFlags
    @OptionGroup(title: "Journal") var journal: JournalFlags
    @OptionGroup(title: "Journal") var records: RecordFlags

    @Flag(help: "Print every value in force and why, and exit.")
    var showConfiguration = false

    private var groups: [any FlagGroup] {
        [
            listening, access, tls, method, names, times, limits, relay, ring, sockets, journal,
            records,
        ]
    }

    /// The configuration that the flags make of the defaults.
    func makeConfiguration() -> Configuration {
        var configuration = Configuration()
        for group in groups { group.fill(&configuration) }
        return configuration
    }

    func run() throws {
        let configuration = makeConfiguration()
        if showConfiguration {
            ConfigurationLine.print(groups.flatMap { $0.lines(configuration) })
            return
        }
        let status = Serving.run(configuration)
        if status != 0 { throw ExitCode(status) }
    }

    func validate() throws {
        try Consistency.check(makeConfiguration(), hostsFileIsGiven: names.hostsFile != nil)
    }
}

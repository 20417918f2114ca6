internal import ArgumentParser
internal import Kernel
internal import Proxy

private let milliseconds: UInt64 = 1_000_000
private let seconds: UInt64 = 1_000_000_000

/// How sockets move bytes.
struct TransportFlags: FlagGroup {
    @Option(
        help: help(
            "SO_SNDBUF; 0: the kernel tunes it.",
            default: show(bytes: defaults.sendBuffer, zero: "0"),
            "size"
        ),
        transform: Reading.size(4096...1 << 30, zeroIs: "the kernel tunes it")
    )
    var sendBuffer: Int?

    @Option(
        help: help(
            "SO_RCVBUF; 0: the kernel tunes it.",
            default: show(bytes: defaults.receiveBuffer, zero: "0"),
            "size"
        ),
        transform: Reading.size(4096...1 << 30, zeroIs: "the kernel tunes it")
    )
    var receiveBuffer: Int?

    @Option(
        help: help(
            "TCP's congestion control: auto: the system's, but not BBR over loopback; system; or a "
                + "name.",
            default: show(defaults.congestion),
            "name"
        ),
        transform: Reading.congestion
    )
    var congestion: Configuration.Congestion?

    func fill(_ configuration: inout Configuration) {
        if let congestion { configuration.congestion = congestion }
        if let sendBuffer { configuration.sendBuffer = sendBuffer }
        if let receiveBuffer { configuration.receiveBuffer = receiveBuffer }
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        let kernel = "the kernel's"
        let values = [
            (
                "--send-buffer", show(bytes: configuration.sendBuffer, zero: kernel),
                sendBuffer != nil
            ),
            (
                "--receive-buffer", show(bytes: configuration.receiveBuffer, zero: kernel),
                receiveBuffer != nil
            ),
            ("--congestion", show(configuration.congestion), congestion != nil),
        ]
        return values.map { ConfigurationLine($0, $1, given: $2) }
    }
}

/// Options of the sockets on both sides.
struct SocketFlags: FlagGroup {
    @OptionGroup var transport: TransportFlags

    @Option(
        help: help(
            "Silence before TCP keepalive probes; 0: no probes.",
            default: show(defaults.keepalive, zero: "off"),
            "duration"
        ),
        transform: Reading.duration(
            seconds...32767 * seconds,
            whole: seconds,
            zeroIs: "no probes"
        )
    )
    var keepalive: UInt64?

    @Option(
        help: help(
            "How long sent bytes may stay unacknowledged; 0: as long as the kernel says.",
            default: show(defaults.userTimeout, zero: "0"),
            "duration"
        ),
        transform: Reading.duration(
            milliseconds...86400 * seconds,
            zeroIs: "as long as the kernel says"
        )
    )
    var userTimeout: UInt64?

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Send small messages at once (TCP_NODELAY). "
                + "Default: \(defaults.nodelay ? "on" : "off")."
        )
    )
    var nodelay: Bool?

    func fill(_ configuration: inout Configuration) {
        transport.fill(&configuration)
        if let keepalive { configuration.keepalive = keepalive }
        if let userTimeout { configuration.userTimeout = userTimeout }
        if let nodelay { configuration.nodelay = nodelay }
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        let kernel = "the kernel's"
        let values = [
            ("--keepalive", show(configuration.keepalive, zero: "off"), keepalive != nil),
            ("--user-timeout", show(configuration.userTimeout, zero: kernel), userTimeout != nil),
            ("--nodelay", configuration.nodelay ? "on" : "off", nodelay != nil),
        ]
        return transport.lines(configuration) + values.map { ConfigurationLine($0, $1, given: $2) }
    }
}

extension Reading {
    /// A congestion control that this process may use, or how one is chosen.
    static func congestion(_ text: String) throws -> Configuration.Congestion {
        switch text {
        case "auto": return .auto
        case "system": return .system
        default:
            guard CongestionControl(text)?.isUsable == true else {
                let usable = CongestionControl.available.filter {
                    CongestionControl($0)?.isUsable == true
                }
                throw ValidationError(
                    "allowed are auto, system and what the kernel lets us use: "
                        + "\(usable.joined(separator: ", "))."
                )
            }
            return .named(text)
        }
    }
}

private func show(_ congestion: Configuration.Congestion) -> String {
    switch congestion {
    case .auto: "auto"
    case .system: "system"
    case .named(let name): name
    }
}

/// Where the journal goes.
struct JournalFlags: FlagGroup {
    @Option(
        help: help(
            "File for the journal's JSON lines, or - for standard output.",
            default: "no journal",
            "file"
        )
    )
    var journal: String?

    func fill(_ configuration: inout Configuration) {
        if let journal { configuration.journal = journal == "-" ? .standardOutput : .file(journal) }
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        let value =
            switch configuration.journal {
            case .none: "off"
            case .standardOutput: "- (standard output)"
            case .file(let path): path
            }
        return [ConfigurationLine("--journal", value, given: journal != nil)]
    }
}

/// How often the journal tells of a tunnel.
struct RecordFlags: FlagGroup {
    @Option(
        help: help(
            "Between records of what an open tunnel has moved so far; 0: none.",
            default: show(defaults.journalInterval, zero: "off"),
            "duration"
        ),
        transform: Reading.duration(100 * milliseconds...86400 * seconds, zeroIs: "none")
    )
    var journalInterval: UInt64?

    func fill(_ configuration: inout Configuration) {
        if let journalInterval { configuration.journalInterval = journalInterval }
    }

    func lines(_ configuration: Configuration) -> [ConfigurationLine] {
        let interval = show(configuration.journalInterval, zero: "off")
        return [ConfigurationLine("--journal-interval", interval, given: journalInterval != nil)]
    }
}

internal import ArgumentParser
internal import Internet
internal import Kernel
internal import Policy
internal import Proxy

/// Checks that a reader of one flag can't make: flags against each other and against the machine.
enum Consistency {
    /// Throws the words for the first flag of `configuration` that can't be.
    static func check(_ configuration: Configuration, hostsFileIsGiven: Bool) throws {
        try checkListeners(configuration.listen.map { ("--listen", $0) })
        try checkCPUs(configuration.cpus)
        try checkSources(configuration.bind)
        try checkSizes(configuration)
        try checkCarriedHeads(configuration)
        let mayMatch = configuration.tlsServerName == .match || !configuration.policyFile.isEmpty
        if let name = configuration.tlsFurtherNames.first, !mayMatch {
            let words = "allowed is only with --tls-sni match, or with --policy"
            throw refusal("--tls-sni-allow", "\(name)", words)
        }
        guard configuration.tlsMissingName == .deny || mayMatch else {
            let words = "allow is only with --tls-sni match, or with --policy"
            throw refusal("--tls-sni-missing", configuration.tlsMissingName.rawValue, words)
        }
        try checkTLSPorts(configuration)
        if hostsFileIsGiven { try checkHostsFile(configuration.hostsFile) }
        let users = configuration.usersFile
        guard users.isEmpty || SystemFile.isReadable(users) else {
            throw refusal("--users", users, "allowed is a file that can be read")
        }
        guard configuration.policyFile.isEmpty || configuration.simpleRules.isEmpty else {
            throw ValidationError(
                "'--policy' stands for itself: put what '--allow-host', '--deny-host', "
                    + "'--allow-network' or '--deny-network' say into its file."
            )
        }
        if case .file(let path) = configuration.journal { try checkJournal(path) }
        if case .none = configuration.journal, configuration.journalInterval > 0 {
            let interval = Quantities.text(nanoseconds: configuration.journalInterval)
            throw refusal("--journal-interval", interval, "allowed is only with --journal")
        }
    }

    /// Throws the words for the first of `listeners`, each with its flag, that is there before.
    static func checkListeners(_ listeners: [(flag: String, endpoint: Endpoint)]) throws {
        for (index, (flag, endpoint)) in listeners.enumerated() where endpoint.port > 0 {
            guard !listeners[..<index].contains(where: { $0.endpoint == endpoint }) else {
                throw refusal(flag, "\(endpoint)", "given twice; each endpoint once")
            }
        }
    }

    /// What is to be checked of ClientHellos needs ports on which there are any.
    private static func checkTLSPorts(_ configuration: Configuration) throws {
        guard configuration.tlsPorts.isEmpty, configuration.policyFile.isEmpty else { return }
        let words = "allowed is only where --tls-ports names a port, or with --policy"
        guard configuration.tlsServerName != .match else {
            throw refusal("--tls-sni", configuration.tlsServerName.rawValue, words)
        }
        guard configuration.tlsEncryptedHello != .deny else {
            throw refusal("--tls-ech", configuration.tlsEncryptedHello.rawValue, words)
        }
    }

    private static func checkCPUs(_ cpus: [Int]) throws {
        let allowed = Thread.allowedCPUs
        for cpu in cpus where !allowed.contains(cpu) {
            let words = "CPU \(cpu) is not ours; allowed are \(Quantities.text(cpus: allowed))"
            throw refusal("--cpus", Quantities.text(cpus: cpus), words)
        }
    }

    private static func checkSources(_ sources: [Address]) throws {
        for (index, address) in sources.enumerated() {
            guard !sources[..<index].contains(address) else {
                throw refusal("--bind", "\(address)", "given twice; each address once")
            }
            guard Socket.canBind(to: address) else {
                throw refusal("--bind", "\(address)", "allowed is an address of this machine")
            }
        }
    }

    private static func checkSizes(_ configuration: Configuration) throws {
        guard configuration.completionEntries >= configuration.ringEntries else {
            throw refusal(
                "--completion-entries",
                "\(configuration.completionEntries)",
                "allowed is at least --ring-entries (\(configuration.ringEntries))"
            )
        }
        guard configuration.batch <= configuration.completionEntries else {
            throw refusal(
                "--batch",
                "\(configuration.batch)",
                "allowed is at most --completion-entries (\(configuration.completionEntries))"
            )
        }
        guard configuration.headLineBytesMax <= configuration.headBytesMax else {
            throw refusal(
                "--head-line-bytes",
                Quantities.text(bytes: configuration.headLineBytesMax),
                "allowed is at most --head-bytes "
                    + "(\(Quantities.text(bytes: configuration.headBytesMax)))"
            )
        }
    }

    /// What has been read of a request may be passed to another worker, in one message.
    private static func checkCarriedHeads(_ configuration: Configuration) throws {
        guard configuration.methodTunnel.isEmpty || configuration.headBytesMax <= 128 << 10 else {
            throw refusal(
                "--head-bytes",
                Quantities.text(bytes: configuration.headBytesMax),
                "allowed is at most 128KiB with --method-tunnel"
            )
        }
    }

    private static func checkHostsFile(_ path: String) throws {
        guard path.isEmpty || SystemFile.isReadable(path) else {
            throw refusal("--hosts-file", path, "allowed is a file that can be read, or off")
        }
    }

    private static func checkJournal(_ path: String) throws {
        guard !path.isEmpty, !SystemFile.isDirectory(path) else {
            throw refusal("--journal", path, "allowed is a file, or - for standard output")
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let directory = parts.count == 1 ? "." : parts.dropLast().joined(separator: "/") + "/"
        guard SystemFile.isDirectory(directory) else {
            throw refusal("--journal", path, "there is no directory \(directory); make it first")
        }
    }

    private static func refusal(_ flag: String, _ value: String, _ words: String) -> ValidationError
    {
        ValidationError("The value '\(value)' is invalid for '\(flag)': \(words).")
    }
}

internal import Internet
internal import Kernel
public import Policy
package import Resolver

/// What a worker is made of.
extension Server {
    /// The hosts file at `path`, or one without names if that is empty.
    package static func hosts(_ path: String) throws(StartError) -> HostsFile {
        guard !path.isEmpty else { return HostsFile() }
        do throws(ResolverError) {
            return try HostsFile(path: path)
        } catch {
            throw StartError("--hosts-file \(path): can't be read (\(error))")
        }
    }

    /// The users in the file at `path`; nil if that is empty, so that everybody may.
    ///
    /// - Throws: `StartError` if the file can't be read, or isn't one of users.
    public static func users(_ path: String) throws(StartError) -> Users? {
        guard !path.isEmpty else { return nil }
        guard let text = SystemFile.read(path) else {
            throw StartError("--users \(path): can't be read; it must be a file that we may read")
        }
        guard text.utf8.count < SystemFile.byteCountMax else {
            throw StartError("--users \(path): is larger than 4 MiB")
        }
        do throws(UsersError) {
            return try Users(parsing: text)
        } catch {
            throw StartError("--users \(path): \(error)")
        }
    }

    /// The rules of who may go where: those of `policy`, or else of flags; nil if there are none.
    static func rules(
        _ configuration: Configuration,
        _ policy: Policy?,
        _ users: Users?
    ) throws(StartError) -> RuleList? {
        if let policy { return try policy(users) }
        let simple = configuration.simpleRules
        return simple.isEmpty ? nil : simple.list(ports: configuration.allowedPorts)
    }

    /// Starts the threads that check credentials, if there are users.
    func startGate() throws(StartError) -> [ThreadBox] {
        guard let gate else { return [] }
        var threads: [ThreadBox] = []
        for index in 0..<Gate.threadCount(cpus: plan.workers) {
            threads.append(
                try wrap { () throws(SystemError) in
                    try ThreadBox("gate-\(index)") { gate.run() }
                }
            )
        }
        return threads
    }

    /// A worker's resolver.
    func makeResolver() throws(ResolverError) -> CachingResolver {
        try CachingResolver(
            Server.resolverOptions(configuration, hosts),
            waitersMax: plan.slots + plan.shed
        )
    }

    /// How names are found that aren't among `hosts`.
    package static func resolverOptions(
        _ configuration: Configuration,
        _ hosts: HostsFile
    ) -> CachingResolver.Options {
        var options = CachingResolver.Options()
        options.servers = configuration.nameServers
        options.hosts = hosts
        fit(&options, into: configuration.resolveTimeout)
        return options
    }

    /// Lets a question be asked as often as fits into `timeout`, each time waiting twice as long.
    ///
    /// A question that went on for longer would take up room that nobody waits for.
    private static func fit(_ options: inout CachingResolver.Options, into timeout: UInt64) {
        let milliseconds = Int(clamping: timeout / 1_000_000)
        let first = min(max(milliseconds / 3, 1), options.queryTimeoutMilliseconds)
        options.queryTimeoutMilliseconds = first
        options.tries = 1
        var whole = first
        while options.tries < 5, whole + first << options.tries <= milliseconds {
            whole += first << options.tries
            options.tries += 1
        }
    }

    /// Worker `index`'s end of the journal, if there is one.
    func makeJournalWriter(_ index: Int) throws(SystemError) -> JournalWriter {
        guard let journal else { return try JournalWriter() }
        return try journal.writer(index)
    }
}

internal import Internet
internal import Kernel
internal import Resolver

/// What a worker is made of.
extension Server {
    /// The hosts file at `path`, or one without names if that is empty.
    static func hosts(_ path: String) throws(StartError) -> HostsFile {
        guard !path.isEmpty else { return HostsFile() }
        do throws(ResolverError) {
            return try HostsFile(path: path)
        } catch {
            throw StartError("--hosts-file \(path): can't be read (\(error))")
        }
    }

    /// A worker's resolver.
    func makeResolver() throws(ResolverError) -> CachingResolver {
        var options = CachingResolver.Options()
        options.servers = configuration.nameServers
        options.hosts = hosts
        Server.fit(&options, into: configuration.resolveTimeout)
        return try CachingResolver(options, waitersMax: plan.slots + plan.shed)
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

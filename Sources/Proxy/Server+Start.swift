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
        return try CachingResolver(options, waitersMax: plan.slots + plan.shed)
    }

    /// Worker `index`'s end of the journal, if there is one.
    func makeJournalWriter(_ index: Int) throws(SystemError) -> JournalWriter {
        guard let journal else { return try JournalWriter() }
        return try journal.writer(index)
    }
}

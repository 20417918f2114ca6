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
        let text = try contents("--users", path, atMost: 64 << 20)
        do throws(UsersError) {
            return try Users(parsing: text)
        } catch {
            throw StartError("--users \(path): \(error)")
        }
    }

    /// What stands in the file at `path`, which `flag` names.
    ///
    /// - Throws: `StartError` if it can't be read, or has more than `limit` bytes.
    public static func contents(
        _ flag: String,
        _ path: String,
        atMost limit: Int
    ) throws(StartError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try SystemFile.bytes(path, atMost: limit + 1)
        } catch {
            throw StartError("\(flag) \(path): can't be read (\(error))")
        }
        guard bytes.count <= limit else {
            throw StartError("\(flag) \(path): is larger than \(Quantities.text(bytes: limit))")
        }
        return bytes
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

    /// Keeps passwords out of cores, where there are any: those of requests that are under way, and
    /// those for parent proxies.
    static func hideSecrets(_ users: Users?, _ rules: AccessRules?) {
        let haveCredentials =
            rules?.terms.contains { $0.parent?.authorization.isEmpty == false } ?? false
        if users != nil || haveCredentials { Secret.hideProcess() }
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

    /// How the workers of `plan` pass on clients and tunnels to each other.
    static func balance(_ plan: Plan) throws(SystemError) -> Balance {
        var channels: [DescriptorChannel] = []
        for _ in 0..<plan.workers { channels.append(try DescriptorChannel()) }
        return try Balance(
            channels,
            cpus: (0..<plan.workers).map { plan.cpu(of: $0) },
            room: plan.slots,
            arrivalMax: plan.arrivals,
            spreads: plan.spreads
        )
    }

    /// A worker's resolver.
    func makeResolver() throws(ResolverError) -> CachingResolver {
        try CachingResolver(
            Server.resolverOptions(configuration, hosts),
            waitersMax: plan.slotCount
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
        options.tries = 5
        options.timeoutMilliseconds = Int(clamping: configuration.resolveTimeout / 1_000_000)
        return options
    }

    /// Worker `index`'s end of the journal, if there is one.
    func makeJournalWriter(_ index: Int) throws(SystemError) -> JournalWriter {
        guard let journal else { return try JournalWriter() }
        return try journal.writer(index)
    }
}

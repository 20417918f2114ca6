public import Internet
package import Kernel
public import Policy
internal import Resolver
internal import Synchronization

/// A start that failed: what, and what to do about it.
public struct StartError: Error, CustomStringConvertible {
    /// Cause and remedy, for the operator.
    public let description: String

    /// The failure that `description` tells of.
    public init(_ description: String) {
        self.description = description
    }

    /// The cause, and the remedy where there is a known one.
    package init(_ error: SystemError) {
        switch (error.call.description, error.code) {
        case (let call, _) where call.hasPrefix("io_uring"):
            self.init(Probe.explain(error))
        case ("close_range", _):
            self.init(
                "the kernel is too old, or a security filter forbids close_range (\(error)); run "
                    + "on Linux 6.12 or later, and allow it in the profile"
            )
        case ("mmap", Errno.noMemory):
            self.init(
                "no memory can be set aside (\(error)); raise 'ulimit -v', set "
                    + "vm.overcommit_memory to 0, or lower --workers, --buffers or 'ulimit -n'"
            )
        case ("pthread_create", Errno.again):
            self.init(
                "no thread can be started (\(error)); raise 'ulimit -u' or TasksMax, or lower "
                    + "--workers"
            )
        case (_, Errno.tooManyFiles):
            self.init("no descriptor is left (\(error)); raise 'ulimit -n' or LimitNOFILE")
        default:
            self.init("\(error)")
        }
    }
}

/// The proxy: workers, journal, signals, drain.
public final class Server: Sendable {
    /// What happens that an operator wants to know.
    public enum Notice: Sendable {
        case listening(Endpoint)
        case ready(workers: Int, tunnelCeiling: Int)
        case draining(tunnels: Int)
        /// No tunnel is left; `cut` of them were ended because the time for it was over.
        case drained(cut: Int)
        case stopped(cut: Int)
        case paused(worker: Int)
        case resumed(worker: Int)
        case lost(records: UInt64)
        case status(String)
        case reopened
        /// The journal goes on being written to the file that it was, for this reason.
        case notReopened(String)
        case reloaded
        /// Names go on being found as before, for this reason.
        case notReloaded(String)
        case usersReloaded(count: Int)
        /// The users of before go on being those who may, for this reason.
        case usersNotReloaded(String)
        case rulesReloaded(count: Int)
        /// Rules and users stay as they were, for this reason.
        case accessNotReloaded(String)
    }

    /// Reads the rules of who may go where, which may name the users that it is given; nil if
    /// everybody may use the proxy.
    public typealias Policy = @Sendable (Users?) throws(StartError) -> RuleList

    let configuration: Configuration
    let notify: @Sendable (Notice) -> Void
    let counters: [Counters]
    let mailboxes: [Mailbox]
    let journal: Journal?
    private let balance: Balance?
    let plan: Plan
    let hosts: HostsFile
    let gate: Gate?
    let rules: AccessRules?
    let allowances: Allowances?
    let policy: Policy?
    /// The version of the rules that were read last.
    let version = Atomic<UInt32>(0)
    private let endpoints: [Endpoint]
    private let start = StartGate()
    private let startLock: StartLock

    /// Binds and prepares all that can fail before a worker runs.
    ///
    /// - Parameters:
    ///   - configuration: Its limits and times.
    ///   - policy: Is called at the start and whenever the rules are to be read again; nil if there
    ///     is no file of them.
    ///   - notify: Is told what an operator wants to know.
    /// - Throws: `StartError` with the cause and the remedy.
    public init(
        _ configuration: Configuration,
        policy: Policy? = nil,
        notify: @escaping @Sendable (Notice) -> Void
    ) throws(StartError) {
        self.configuration = configuration
        self.notify = notify
        self.policy = policy
        do {
            plan = Plan(configuration, openFiles: try Descriptors.raiseLimit())
            hosts = try Server.hosts(configuration.hostsFile)
            guard plan.slots > 0 else {
                throw StartError(
                    "the open-file limit of \(plan.openFiles) leaves no room for tunnels: "
                        + "raise it with 'ulimit -n' or LimitNOFILE"
                )
            }
            startLock = StartLock()
            endpoints = try Server.reserve(configuration.listen)
            var counters: [Counters] = []
            var mailboxes: [Mailbox] = []
            for _ in 0..<plan.workers {
                counters.append(Counters())
                mailboxes.append(try Mailbox())
            }
            self.counters = counters
            self.mailboxes = mailboxes
            let users = try Server.users(configuration.usersFile)
            gate = try users.map { try Gate($0, configuration, mailboxes) }
            let rules = try Server.rules(configuration, policy, users).map { AccessRules($0) }
            let allowances = try policy.map { _ in try Allowances() }
            if let rules { try allowances?.prepare(for: rules, Instant.now()) }
            self.rules = rules
            self.allowances = allowances
            Server.hideSecrets(users, rules)
            balance = plan.passes ? try Server.balance(plan) : nil
            journal =
                configuration.journal == .none
                ? nil : try Journal(configuration.journal, workers: plan.workers)
        } catch let error as StartError {
            throw error
        } catch let error as SystemError {
            throw StartError(error)
        } catch {
            throw StartError("\(error)")
        }
    }

    /// Serves until a signal has ended it; the exit status.
    ///
    /// - Throws: `StartError` if the journal can't be opened, or a worker could not start.
    public func run() throws(StartError) -> Int32 {
        Signals.block()
        let journalThread = try journal?.start()
        let gateThreads = try startGate()
        var threads: [ThreadBox] = []
        let admission = try wrap { () throws(SystemError) in
            try Admission(configuration)
        }
        for index in 0..<plan.workers {
            threads.append(
                try wrap { () throws(SystemError) in
                    try ThreadBox("worker-\(index)") { self.work(index, admission) }
                }
            )
        }
        if let failure = start.wait(for: plan.workers) {
            throw StartError(failure)
        }
        startLock.release()
        for endpoint in endpoints { notify(.listening(endpoint)) }
        notify(.ready(workers: plan.workers, tunnelCeiling: plan.slots * plan.workers))
        watch()
        for thread in threads { thread.join() }
        // They aren't waited for: one of them may compute a hash for long, to no use.
        gate?.stop(threads: gateThreads.count)
        if let journalThread, journal?.stop() == true { journalThread.join() }
        reportLost()
        return 0
    }

    func wrap<Value: ~Copyable>(
        _ body: () throws(SystemError) -> Value
    ) throws(StartError) -> Value {
        do throws(SystemError) { return try body() } catch { throw StartError(error) }
    }

    // MARK: Listening

    /// Binds each endpoint once, to learn its port and whether somebody else listens there.
    ///
    /// - Throws: `StartError` that names `flag` and the endpoint.
    package static func reserve(
        _ endpoints: [Endpoint],
        flag: String = "--listen"
    ) throws(StartError) -> [Endpoint] {
        var bound: [Endpoint] = []
        for endpoint in endpoints {
            do throws(SystemError) {
                let socket = try Socket.bound(to: endpoint, isShared: false)
                bound.append(Socket.localEndpoint(of: socket) ?? endpoint)
                Socket.close(socket)
            } catch {
                throw StartError("\(flag) \(endpoint): \(Server.advice(error, endpoint))")
            }
        }
        return bound
    }

    private static func advice(_ error: SystemError, _ endpoint: Endpoint) -> String {
        switch error.code {
        case Errno.addressInUse:
            "somebody listens there already; stop it or choose another port"
        case Errno.addressNotAvailable: "this machine has no such address"
        case Errno.accessDenied where endpoint.port < 1024:
            "ports below 1024 need CAP_NET_BIND_SERVICE"
        default: error.description
        }
    }

    // MARK: A worker's thread

    private func work(_ index: Int, _ admission: Admission) {
        do {
            var worker = try makeWorker(index, admission)
            start.pass()
            worker.run()
        } catch let error as SystemError {
            start.fail(StartError(error).description)
        } catch {
            start.fail("\(error)")
        }
    }

    private func listen(on endpoint: Endpoint, _ terms: Terms) throws(StartError) -> Int32 {
        do throws(SystemError) {
            return try Socket.listen(
                on: endpoint,
                backlog: Int32(clamping: configuration.backlog),
                options: terms.sockets[endpoint.address]
            )
        } catch {
            throw StartError("--listen \(endpoint): \(Server.advice(error, endpoint))")
        }
    }

    /// Keeps worker `index`, on its thread, on its CPU; only a wish that can't be stops the start.
    private func pin(_ index: Int) throws(SystemError) {
        guard let cpu = plan.cpu(of: index) else { return }
        do throws(SystemError) {
            try Thread.pin(to: cpu)
        } catch {
            // A filter may deny it, or the CPUs be others by now.
            guard configuration.cpus.isEmpty else { throw error }
        }
    }

    private func makeWorker(
        _ index: Int,
        _ admission: Admission
    ) throws -> Worker<Ring, CachingResolver> {
        var kept: [Int32] = [0, 1, 2, mailboxes[index].event]
        if let journal { kept.append(journal.event) }
        if let gate {
            kept.append(gate.semaphore)
            // A question of another worker's may have to make way for one of ours.
            kept += mailboxes.map(\.event)
        }
        if let balance { kept += balance.descriptors(of: index) }
        try Descriptors.makeOwnTable(keeping: kept)
        try pin(index)
        let terms = Terms(
            configuration,
            name: plan.name,
            congestion: plan.congestion,
            ownListeners: endpoints,
            hasPolicy: policy != nil
        )
        let memory = try Blocks(
            count: configuration.buffers,
            blockSize: configuration.bufferSize
        )
        let ring = try Ring(plan.ring, memory: memory)
        var listeners: [Int32] = []
        for endpoint in endpoints { listeners.append(try listen(on: endpoint, terms)) }
        let services = try Services(
            terms: terms,
            queue: ring,
            names: try makeResolver(),
            index: index,
            slots: plan.slotCount,
            room: Room(descriptorMax: plan.descriptorMax, shedMax: plan.shed),
            journal: try makeJournalWriter(index),
            counters: counters[index],
            admission: admission,
            gate: gate,
            rules: rules,
            allowances: allowances
        )
        return try Worker(
            services: services,
            listeners: listeners,
            mailbox: mailboxes[index],
            balance: balance,
            steering: plan.steering(of: index),
            slots: plan.slotCount
        )
    }
}

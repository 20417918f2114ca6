public import Internet
internal import Kernel
internal import MethodTunnel
public import Proxy
internal import Resolver

/// What happens to a client that an operator wants to know.
public enum ClientNotice: Sendable {
    /// It listens there, for CONNECT or for one place.
    case listening(Endpoint, forwardedTo: String?)
    /// There is a session.
    case connected
    /// Requests fail: why, and what to do.
    case failing(String)
    /// Requests succeed again.
    case recovered(afterSeconds: UInt64)
    /// The session was lost, and with it its streams.
    case lost(String)
    case ready
    case draining(streams: Int)
    /// No tunnel is left; `cut` of them were ended because the time for it was over.
    case drained(cut: Int)
    case stopped(cut: Int)
    case reopened
    case notReopened(String)
    /// Names are found by the files as they are now, or, for that reason, as before.
    case reloaded
    case notReloaded(String)
    case status(String)
    case lostRecords(UInt64)
}

/// The client of the tunnel without CONNECT: a worker, a journal, signals, drain.
public final class TunnelClient: Sendable {
    private let settings: ClientConfiguration
    private let notify: @Sendable (ClientNotice) -> Void
    private let endpoints: [Endpoint]
    private let hosts: HostsFile
    private let mailbox: Mailbox
    private let counters = Counters()
    private let journal: Journal?
    private let start = StartGate()
    private let startLock: StartLock
    private let name: String

    /// Binds and prepares all that can fail before the worker runs.
    ///
    /// - Throws: `StartError` with the cause and the remedy.
    public init(
        _ settings: ClientConfiguration,
        notify: @escaping @Sendable (ClientNotice) -> Void
    ) throws(StartError) {
        self.notify = notify
        let isSecret = !settings.credentials.isEmpty || !settings.proxyCredentials.isEmpty
        if isSecret { Secret.hideProcess() }
        let general = settings.general
        name = general.name.isEmpty ? SystemName.host : general.name
        startLock = StartLock()
        let listen = try Server.reserve(general.listen)
        let forwards = try Server.reserve(settings.forwards.map(\.endpoint), flag: "--forward")
        var settings = settings
        settings.general.listen = listen
        settings.forwards = zip(forwards, settings.forwards).map { .init($0, to: $1.authority) }
        self.settings = settings
        endpoints = listen + forwards
        hosts = try Server.hosts(general.hostsFile)
        do throws(SystemError) {
            _ = try Descriptors.raiseLimit()
            mailbox = try Mailbox()
            journal = general.journal == .none ? nil : try Journal(general.journal, workers: 1)
        } catch {
            throw StartError(error)
        }
    }

    /// Serves until a signal has ended it; the exit status.
    ///
    /// - Throws: `StartError` if it could not start, or found no server.
    public func run() throws(StartError) -> Int32 {
        Signals.block()
        do {
            let journalThread = try journal?.start()
            let worker = try ThreadBox("client-0") { self.work() }
            if let failure = waitForStart() {
                worker.join()
                stopJournal(journalThread)
                throw StartError(failure)
            }
            tellListeners()
            watch()
            worker.join()
            stopJournal(journalThread)
        } catch let error as StartError {
            throw error
        } catch let error as SystemError {
            throw StartError(error)
        } catch {
            throw StartError("\(error)")
        }
        return 0
    }

    private func tellListeners() {
        let count = settings.general.listen.count
        for (index, endpoint) in endpoints.enumerated() {
            let target = index < count ? nil : "\(settings.forwards[index - count].authority)"
            notify(.listening(endpoint, forwardedTo: target))
        }
        notify(.ready)
    }

    /// Waits for the first session; why there is none, or nil.
    ///
    /// A signal ends the wait.
    private func waitForStart() -> String? {
        while true {
            if counters.isAccepting.read() != 0 { startLock.release() }
            switch start.outcome(of: 1) {
            case .passed: return nil
            case .failed(let failure): return failure
            case nil: break
            }
            switch Signals.next(within: 5) {
            case .terminate, .interrupt:
                mailbox.send(.stop)
                return "a signal ended it before the server had answered"
            case .hangUp: reload()
            case .status, nil: break
            }
        }
    }

    // MARK: The journal

    private func stopJournal(_ thread: ThreadBox?) {
        if let thread, journal?.stop() == true { thread.join() }
        if lostRecords > 0 { notify(.lostRecords(lostRecords)) }
    }

    /// Journal records that were lost since the start.
    private var lostRecords: UInt64 {
        counters.journalLost.read() + (journal?.lostInWriting.read() ?? 0)
    }

    /// Opens the journal anew and reads the files about names again.
    private func reload() {
        reopenJournal()
        do throws(StartError) {
            mailbox.send(try Server.hosts(settings.general.hostsFile))
            notify(.reloaded)
        } catch {
            notify(.notReloaded("\(error)"))
        }
    }

    private func reopenJournal() {
        guard let journal else { return }
        do throws(StartError) {
            try journal.reopen()
            notify(.reopened)
        } catch {
            notify(.notReopened("\(error)"))
        }
    }

    // MARK: Signals

    private func watch() {
        var lost: UInt64 = 0
        while true {
            switch Signals.next(within: 1000) {
            case .terminate, .interrupt: return drain()
            case .hangUp: reload()
            case .status: tellStatus()
            case nil: break
            }
            let now = lostRecords
            if now > lost { notify(.lostRecords(now - lost)) }
            lost = now
        }
    }

    private func drain() {
        notify(.draining(streams: tunnels))
        mailbox.send(.drain)
        let deadline = Instant.now() + settings.general.drainTimeout
        while counters.isAccepting.read() != 0 {
            let left = deadline.nanoseconds(since: Instant.now()) / 1_000_000
            if left == 0 {
                let cut = tunnels
                mailbox.send(.finish)
                return notify(.drained(cut: cut))
            }
            switch Signals.next(within: min(Int(left), 20)) {
            case .terminate, .interrupt:
                let cut = tunnels
                mailbox.send(.stop)
                return notify(.stopped(cut: cut))
            case .status: tellStatus()
            case .hangUp: reload()
            case nil: break
            }
        }
        notify(.drained(cut: 0))
    }

    private var tunnels: Int { Int(counters.tunnels.read()) }

    private func tellStatus() {
        let numbers: [(name: String, value: UInt64)] = [
            ("workers", 1), ("worker", 0), ("tunnels", counters.tunnels.read()),
            ("carriers", counters.openings.read()), ("accepted", counters.accepted.read()),
            ("opened", counters.established.read()), ("ended", counters.ended.read()),
            ("refused", counters.refused.read()), ("journal_lost", counters.journalLost.read()),
            ("journal_unwritten", journal?.lostInWriting.read() ?? 0),
        ]
        notify(.status(StatusLine.text(numbers)))
    }

    // MARK: The worker's thread

    private func work() {
        do {
            var worker = try makeWorker()
            worker.run()
        } catch let error as SystemError {
            start.fail(StartError(error).description)
        } catch {
            start.fail("\(error)")
        }
        counters.isAccepting.set(0)
    }

    private func makeWorker() throws -> ClientWorker<Ring, CachingResolver> {
        var kept: [Int32] = [0, 1, 2, mailbox.event]
        if let journal { kept.append(journal.event) }
        try Descriptors.makeOwnTable(keeping: kept)
        var options = Ring.Options()
        options.buffers = 0
        options.entries = 1024
        options.completionEntries = 4096
        let ring = try Ring(options, memory: Blocks(count: 0, blockSize: 4096))
        var listeners: [Int32] = []
        let congestion = CongestionChoice(settings.general.congestion)
        let sockets = SocketChoice(settings.general, congestion)
        // A program may take nothing for as long as it likes.
        var patient = settings.general
        patient.userTimeout = 0
        let programs = SocketChoice(patient, congestion)
        for endpoint in endpoints {
            let options = programs[endpoint.address]
            listeners.append(try Socket.listen(on: endpoint, backlog: 1024, options: options))
        }
        var names = Server.resolverOptions(settings.general, hosts)
        names.lookUpsMax = 64
        counters.isAccepting.set(1)
        return try ClientWorker(
            settings,
            name: name,
            parts: ClientParts(
                queue: ring,
                names: CachingResolver(names, waitersMax: 1),
                listeners: listeners,
                journal: try journal?.writer(0) ?? JournalWriter(),
                counters: counters,
                sockets: sockets,
                mailbox: mailbox,
                // Without it a lost address is noticed by connections that time out.
                addressWatch: (try? AddressWatch.open()) ?? -1,
                start: start,
                random: { UInt64.random(in: 0...UInt64.max) }
            ),
            notify: notify
        )
    }
}

package import Kernel
package import Policy
package import Resolver

/// A worker on a kernel and names of the caller's choice, turned by hand and looked into.
///
/// It is how a simulation drives the proxy through every fault: nothing of the server uses it.
package struct TurnedWorker<Queue, Names>: ~Copyable
where Queue: SubmissionQueue & ~Copyable, Names: NameService & ~Copyable {
    private var worker: Worker<Queue, Names>
    private let counters: Counters
    private let allowances: Allowances?
    private var version: UInt32 = 0

    /// What a server may tell its workers.
    package enum Directive: Sendable {
        case drain, finish, stop
    }

    /// How the tables and the counters stand.
    package struct Levels: Equatable, Sendable {
        /// Tunnels that ended because they were not the TLS that they had to be.
        package let tlsRefused: UInt64
        package let movedAway, movedHere: UInt64
        package let accepted, ended, shed, lateCompletions, failedCloses, bytesOut, bytesIn: UInt64
        package let tunnels, openings, descriptors, pipesOut, pipesOpen: Int
        package let buffersOut, buffersIdle: Int
        package let waitingForBuffers: Int
        /// What all tunnels together count as in flight.
        package let inFlight: Int
        /// Meters of tunnels, and tunnels as the rules with limits count them.
        package let metered, counted: Int
        /// Requests of clients that broke the format of the tunnel without CONNECT, as well as its
        /// sessions, and the connections that carry their requests.
        package let violations: UInt64
        package let sessions, carriers: Int
    }

    /// A worker with room for `slots` tunnels, of which `shedMax` are set aside for refusals; rules
    /// may say who may go where.
    ///
    /// Through `channel` it can pass tunnels on to itself.
    ///
    /// - Throws: `SystemError` if memory can't be mapped.
    package init(
        _ configuration: Configuration,
        rules: RuleList?,
        queue: consuming Queue,
        names: consuming Names,
        listeners: [Int32],
        slots: Int,
        shedMax: Int,
        descriptorMax: Int,
        channel: DescriptorChannel? = nil
    ) throws(SystemError) {
        let arrivalMax = channel == nil ? 0 : slots
        let counters = Counters()
        let allowances = rules == nil ? nil : try Allowances()
        let compiled = rules.map { AccessRules($0) }
        if let compiled { Self.prepare(allowances, for: compiled, queue.now()) }
        let services = try Services(
            terms: Terms(
                configuration,
                name: "simulated",
                ownListeners: configuration.listen,
                hasPolicy: rules != nil
            ),
            queue: queue,
            names: names,
            index: 0,
            slots: slots + arrivalMax,
            room: Room(descriptorMax: descriptorMax, shedMax: shedMax),
            journal: try JournalWriter(),
            counters: counters,
            admission: try Admission(configuration),
            gate: nil,
            rules: compiled,
            allowances: allowances
        )
        worker = try Worker(
            services: services,
            listeners: listeners,
            mailbox: nil,
            balance: try channel.map { channel throws(SystemError) in
                try Balance(
                    [channel],
                    room: slots + arrivalMax,
                    arrivalMax: arrivalMax,
                    spreads: true
                )
            },
            steering: nil,
            slots: slots + arrivalMax
        )
        self.counters = counters
        self.allowances = allowances
    }

    private static func prepare(
        _ allowances: Allowances?,
        for rules: AccessRules,
        _ now: Instant
    ) {
        do throws(StartError) {
            try allowances?.prepare(for: rules, now)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// The rules are read again, and are now these.
    package mutating func adopt(_ list: RuleList) {
        version += 1
        let rules = AccessRules(list, version: version)
        Self.prepare(allowances, for: rules, worker.services.now)
        worker.adopt(Access(rules: rules, revoked: []))
    }

    /// One turn of the worker.
    package mutating func turn() { worker.turn() }

    /// Moves those open tunnels to this very worker that can be moved and that `choose` picks.
    package mutating func move(_ choose: () -> Bool) {
        for index in 0..<worker.tunnels.used {
            let slot = UInt32(index)
            guard worker.tunnels[slot].mayMove(worker.services), choose() else { continue }
            worker.tunnels[slot].comeToRest(looksAway: 0, &worker.services)
            worker.releaseIfFree(slot)
        }
    }

    /// Has those stay that are to move, have not come to rest, and that `choose` picks.
    package mutating func giveUpMoving(_ choose: () -> Bool) {
        for index in 0..<worker.tunnels.used {
            let slot = UInt32(index)
            guard worker.tunnels[slot].isMoving, choose() else { continue }
            worker.tunnels[slot].giveUpMoving(&worker.services)
        }
    }

    /// Takes the tunnels that have been passed on.
    package mutating func takePassed() { worker.takePassed() }

    /// The server's word.
    package mutating func obey(_ directive: Directive) {
        switch directive {
        case .drain: worker.obey(.drain)
        case .finish: worker.obey(.finish)
        case .stop: worker.obey(.stop)
        }
    }

    /// Whether a drain or stop has been carried out.
    package var isDone: Bool { worker.isDone }

    /// How the tables and the counters stand now.
    package mutating func levels() -> Levels {
        var inFlight = 0
        var metered = 0
        for slot in 0..<worker.tunnels.used {
            inFlight += Int(worker.tunnels[UInt32(slot)].inFlight)
            metered += worker.tunnels[UInt32(slot)].isLimited ? 1 : 0
            if let opening = worker.tunnels[UInt32(slot)].opening {
                metered += worker.services.openings[opening].spareMeter == nil ? 0 : 1
            }
        }
        for slot in 0..<worker.carriers.used {
            inFlight += Int(worker.carriers[UInt32(slot)].inFlight)
        }
        let tlsRefused =
            counters.notTLS.read() + counters.serverNamesMissing.read()
            + counters.serverNamesRefused.read() + counters.encryptedHellosRefused.read()
        return Levels(
            tlsRefused: tlsRefused,
            movedAway: counters.movedAway.read(),
            movedHere: counters.movedHere.read(),
            accepted: counters.accepted.read(),
            ended: counters.ended.read(),
            shed: counters.shed.read(),
            lateCompletions: counters.lateCompletions.read(),
            failedCloses: counters.failedCloses.read(),
            bytesOut: counters.bytesOut.read(),
            bytesIn: counters.bytesIn.read(),
            tunnels: worker.tunnels.count,
            openings: worker.services.openings.count,
            descriptors: worker.services.descriptorCount,
            pipesOut: worker.services.pipes.outCount,
            pipesOpen: worker.services.pipes.openCount,
            buffersOut: worker.services.buffers.outCount,
            buffersIdle: worker.services.buffers.idleCount,
            waitingForBuffers: worker.services.buffers.line.count,
            inFlight: inFlight,
            metered: metered,
            counted: Int(allowances?.tunnelCount ?? 0),
            violations: counters.violations.read(),
            sessions: worker.services.sessions.count,
            carriers: worker.carriers.count
        )
    }

    /// Whether `token` is of a tunnel or a carrier, and if so, of one that lives.
    package func isAlive(_ token: UInt64) -> Bool? {
        guard let token = Token(rawValue: token) else { return false }
        switch token.operation {
        case .accept, .mailbox, .passed, .nameSocket, .wakeJournal, .close: return nil
        case .receiveRequest, .sendReply, .watchCarrier, .cancelCarrier:
            guard worker.carriers.exists(token.slot) else { return false }
            return worker.carriers[token.slot].generation == token.generation
                && worker.carriers[token.slot].state != .free
        default:
            guard worker.tunnels.exists(token.slot) else { return false }
            return worker.tunnels[token.slot].generation == token.generation
                && worker.tunnels[token.slot].state != .free
        }
    }
}

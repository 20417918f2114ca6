package import Kernel
internal import MethodTunnel
internal import Proxy
package import Resolver

/// A client's worker on a kernel and names of the caller's choice, turned by hand and looked into.
///
/// It is how a simulation drives the client through every fault: nothing of the client uses it.
package struct TurnedClient<Queue, Names>: ~Copyable
where Queue: SubmissionQueue & ~Copyable, Names: NameService & ~Copyable {
    private var worker: ClientWorker<Queue, Names>

    /// How the tables stand.
    package struct Levels: Equatable, Sendable {
        /// Programs' connections, and those to the server.
        package let locals, carriers: Int
        /// What all of these count as in flight.
        package let inFlight: Int
        /// Blocks in which bytes of streams wait.
        package let blocksOut: Int
        /// Whether there is a session.
        package let hasSession: Bool
    }

    /// A client of these `settings` whose programs come to `listeners`; what it has to tell goes to
    /// `notify`, and `random` is where its numbers come from.
    ///
    /// - Throws: `SystemError` if memory can't be mapped.
    package init(
        _ settings: ClientConfiguration,
        queue: consuming Queue,
        names: consuming Names,
        listeners: [Int32],
        random: @escaping @Sendable () -> UInt64,
        notify: @escaping @Sendable (ClientNotice) -> Void
    ) throws(SystemError) {
        let parts = ClientParts(
            queue: queue,
            names: names,
            listeners: listeners,
            journal: try JournalWriter(),
            counters: Counters(),
            sockets: SocketChoice(settings.general, CongestionChoice()),
            mailbox: nil,
            addressWatch: -1,
            start: StartGate(),
            random: random
        )
        worker = try ClientWorker(settings, name: "simulated", parts: parts, notify: notify)
    }

    /// One turn of the worker.
    package mutating func turn() { worker.turn() }

    /// Lets its programs end, or else ends them at once.
    package mutating func obey(drains: Bool) { worker.obey(drains ? .drain : .stop) }

    /// Whether it has drained or has been stopped.
    package var isDone: Bool { worker.isDone }

    /// How the tables stand now.
    package func levels() -> Levels {
        var inFlight = 0
        for slot in 0..<worker.locals.used { inFlight += Int(worker.locals[UInt32(slot)].inFlight) }
        for slot in 0..<worker.carriers.used {
            inFlight += Int(worker.carriers[UInt32(slot)].inFlight)
        }
        return Levels(
            locals: worker.locals.count,
            carriers: worker.carriers.count,
            inFlight: inFlight,
            blocksOut: worker.pool.count - worker.pool.freeCount,
            hasSession: worker.phase == .made
        )
    }

    /// Whether `token` is of a connection, and if so, of one that lives.
    package func isAlive(_ token: UInt64) -> Bool? {
        guard let token = ClientToken(rawValue: token), token.operation != .watchAddresses
        else { return nil }
        if token.operation.isOfCarrier {
            let carrier = worker.carriers[token.slot]
            return carrier.generation == token.generation && carrier.state != .free
        }
        let local = worker.locals[token.slot]
        return local.generation == token.generation && local.state != .free
    }
}

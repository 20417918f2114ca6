internal import Internet
internal import Kernel
internal import Synchronization
internal import TLS

/// The workers of one kind: their threads, what they count, and how they are told what to do.
final class Crew: Sendable {
    let control: Control
    let roll: Roll
    private let counters: [Counters]
    private let threads = Mutex<[WorkerThread]>([])

    init(_ count: Int) throws(SystemError) {
        control = try Control(workers: count)
        roll = try Roll()
        counters = (0..<count).map { _ in Counters() }
    }

    /// What all workers have counted.
    var counts: Counts { Counts(counters) }

    /// Starts the clients.
    func startClients(
        _ script: Script,
        _ pattern: Pattern,
        _ context: SecureContext?
    ) throws(EngineError) {
        try start("client") { index throws(SystemError) in
            if script.schedule != nil { Thread.makeWaitsExact() }
            var station = try self.station(
                index,
                script.buffers,
                receivesEach: script.receivesEach,
                pattern
            )
            if let context {
                let capacity = script.aliveMax(ofWorker: index)
                station.security = try Security(context, capacity: capacity)
            }
            let services = try ClientServices(script, worker: index, self.control, station)
            let worker = try ClientWorker(index, services)
            self.roll.started(try ThreadClock.current())
            self.roll.left(worker.run())
        }
    }

    /// Starts the origins; where they listen.
    func startOrigins(
        _ plan: Plan,
        _ pattern: Pattern,
        _ context: SecureContext? = nil
    ) throws(EngineError) -> [Endpoint] {
        let script = plan.script(origins: [])
        let openFiles = Descriptors.limits().soft
        try start("origin") { index throws(SystemError) in
            var station = try self.station(
                index,
                script.buffers,
                receivesEach: script.receivesEach,
                pattern
            )
            if let context {
                station.security = try Security(context, capacity: openFiles)
            }
            let mine = plan.endpoints(ofWorker: index)
            var listeners: [Int32] = []
            listeners.reserveCapacity(mine.count)
            for endpoint in mine {
                let endpoint = plan.listen[endpoint]
                let options = SocketOptions()
                listeners.append(try Socket.listen(on: endpoint, backlog: 4096, options: options))
            }
            let services = OriginServices(
                control: self.control,
                station: station,
                isPatient: script.scenario == .hold,
                endpointCount: plan.chosenEndpoints
            )
            let worker = try OriginWorker(
                services,
                listeners: listeners,
                endpoints: mine,
                capacity: openFiles
            )
            let endpoints = listeners.map { Socket.localEndpoint(of: $0) }
            self.roll.started(
                try ThreadClock.current(),
                listening: zip(mine, endpoints).reduce(into: [:]) { $0[$1.0] = $1.1 }
            )
            self.roll.left(worker.run())
        }
        return roll.endpoints
    }

    /// Starts the hostile clients.
    func startHostile(_ script: HostileScript, _ pattern: Pattern) throws(EngineError) {
        try start("hostile") { index throws(SystemError) in
            // Small buffers, since a slow reader reads little.
            let station = try self.station(index, (1024, 1024), pattern)
            let services = try HostileServices(script, station)
            let worker = try HostileWorker(services, self.control)
            self.roll.started(try ThreadClock.current())
            self.roll.left(worker.run())
        }
    }

    /// Ends all workers; what they have measured.
    func stop() -> Tally {
        control.begin(.stop)
        for thread in threads.withLock({ $0 }) { thread.join() }
        return roll.tally
    }

    private func station(
        _ index: Int,
        _ buffers: (count: Int, size: Int),
        receivesEach: Bool = false,
        _ pattern: Pattern
    ) throws(SystemError) -> Station {
        try Station(
            buffers: buffers,
            receivesEach: receivesEach,
            pattern: pattern,
            counters: counters[index],
            bell: control.bells[index]
        )
    }

    /// Starts a thread for each worker, with a descriptor table of its own, and waits until all
    /// work.
    private func start(
        _ name: String,
        _ body: @escaping @Sendable (Int) throws(SystemError) -> Void
    ) throws(EngineError) {
        do throws(SystemError) {
            for index in counters.indices {
                let thread = try WorkerThread("\(name)-\(index)") {
                    do throws(SystemError) {
                        // What the runtime may have to say goes to standard error, not to a tunnel.
                        let kept = [0, 1, 2, self.control.bells[index], self.roll.news]
                        try Descriptors.makeOwnTable(keeping: kept)
                        try body(index)
                    } catch {
                        self.roll.failed(error)
                    }
                }
                threads.withLock { $0.append(thread) }
            }
        } catch {
            throw EngineError("\(error)")
        }
        try roll.wait(for: counters.count)
    }
}

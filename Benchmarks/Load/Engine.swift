internal import Internet
internal import Kernel

/// Runs a plan: starts the workers, leads them through the scenario, and measures.
package struct Engine {
    /// What is told while it runs.
    package struct Progress: Sendable {
        /// The part of the run.
        package var name: String
        package var snapshot: Snapshot
    }

    /// Waits for at most so many milliseconds, and may tell of the progress; true ends the run.
    package typealias Watch = (Progress, _ milliseconds: Int) -> Bool

    private let plan: Plan
    private let script: Script
    private let text: PatternText
    private let clients: Crew
    private let origins: Crew
    private let camp: HostileCamp?
    private let watch: Watch
    private var outcome: Outcome
    private var name = ""
    private var nextSample = Instant(nanoseconds: 0)

    /// Starts the workers.
    ///
    /// - Throws: `EngineError` if one could not start.
    package init(_ plan: Plan, watch: @escaping Watch) throws(EngineError) {
        self.plan = plan
        self.watch = watch
        outcome = Outcome(plan)
        let parts = try Engine.prepare(plan)
        (text, clients, origins) = (parts.text, parts.clients, parts.origins)
        let contexts = try Contexts(plan.settings)
        let endpoints = try origins.startOrigins(plan, text.pattern, contexts.origins)
        script = plan.script(
            origins: endpoints.isEmpty ? plan.settings.externalOrigins : endpoints
        )
        try clients.startClients(script, text.pattern, contexts.clients)
        camp = try HostileCamp(plan, text.pattern)
    }

    private static func prepare(
        _ plan: Plan
    ) throws(EngineError) -> (text: PatternText, clients: Crew, origins: Crew) {
        do throws(SystemError) {
            _ = try Descriptors.raiseLimit()
            let text = try PatternText()
            return (text, try Crew(plan.workers), try Crew(plan.originWorkers))
        } catch {
            throw EngineError("\(error)")
        }
    }

    /// Runs the scenario to its end; what it came to.
    package mutating func run() -> Outcome {
        switch plan.settings.scenario {
        case .verify: verify()
        case .hold: hold()
        case .rate: comeAndGo("rate")
        case .echo: echo()
        case .bulk: bulk()
        case .mix: comeAndGo("mix")
        case .hostile: hostile()
        }
        settle()
        // Both know before either acts, lest one takes the end of the other for a failure.
        for crew in [clients, origins] { crew.control.phase = .stop }
        outcome.tally.add(clients.stop())
        outcome.tally.add(origins.stop())
        return outcome
    }

    // MARK: Scenarios

    private mutating func verify() {
        clients.control.isMeasuring = true
        runThrough("verify")
    }

    /// Has tunnels come and go: so many of them, or for the set time.
    private mutating func comeAndGo(_ name: String) {
        guard script.tunnels == 0 else {
            clients.control.isMeasuring = true
            return runThrough(name)
        }
        startSchedule()
        clients.control.begin(.open)
        measure(name, .tunnel)
        finish()
    }

    /// Opens all tunnels, each of which ends by itself.
    private mutating func runThrough(_ name: String) {
        let count = script.tunnels
        stretch(name, .tunnel) { engine in
            engine.startSchedule()
            engine.clients.control.begin(.open)
            engine.wait { $0.finished + $0.failed >= count }
        }
    }

    private mutating func hold() {
        ramp()
        name = "rest"
        let settings = plan.settings
        wait(nanoseconds: settings.warmup)
        stretch("hold", .second) { $0.wait(nanoseconds: settings.duration) }
        clients.control.isMeasuring = true
        stretch("prove", .message) { engine in
            engine.clients.control.begin(.go)
            engine.wait { $0.messages + $0.failed - $0.unopened >= $0.established }
        }
        stretch("close", .tunnel) { $0.finish() }
    }

    private mutating func echo() {
        ramp()
        startSchedule()
        clients.control.begin(.go)
        measure("echo", .message)
        finish()
    }

    private mutating func hostile() {
        ramp()
        startSchedule()
        clients.control.begin(.go)
        measure("alone", .message, for: plan.settings.aloneDuration)
        camp?.begin()
        clients.control.besideStart = Instant.now()
        measure("beside", .message)
        outcome.tally.addHostile(camp?.end() ?? [:])
        finish()
    }

    private mutating func bulk() {
        ramp()
        measure("bulk", .gigabyte)
        finish()
    }

    private mutating func ramp() {
        let count = script.tunnels
        stretch("open", .tunnel) { engine in
            engine.clients.control.begin(.open)
            engine.wait { $0.established + $0.unopened >= count }
        }
    }

    /// Measures for `nanoseconds`, or else the set time, after the time to warm up.
    private mutating func measure(
        _ name: String,
        _ unit: Stretch.Unit,
        for nanoseconds: UInt64? = nil
    ) {
        self.name = "warm up"
        wait(nanoseconds: plan.settings.warmup)
        clients.control.isMeasuring = true
        let duration = nanoseconds ?? plan.settings.duration
        stretch(name, unit) { $0.wait(nanoseconds: duration) }
        clients.control.isMeasuring = false
        lookAtLine()
    }

    /// Ends all that is under way.
    private mutating func finish() {
        guard !outcome.isInterrupted else { return }
        clients.control.begin(.finish)
        wait { [self] in $0.finished + $0.failed >= $0.begun && $0.alive == 0 && isLineOver($0) }
        missUnserved()
    }

    /// Looks whether both ends agree on what happened.
    private mutating func settle() {
        guard !outcome.isInterrupted, plan.originWorkers > 0 else { return }
        awaitOrigin()
        let (client, origin) = (clients.counts, origins.counts)
        if origin.alive > 0 {
            let failure = Failure(.run, .after, .leftOpen)
            outcome.tally.add(failure, count: origin.alive, "\(origin.alive) at the origin")
        }
        let surplus = client.finished - origin.finished
        lose("tunnels ended well for the client only", max(surplus, 0))
        // A client that has failed has told of it.
        if client.failed == 0 { lose("tunnels ended well for the origin only", max(-surplus, 0)) }
        guard outcome.tally.failures.isEmpty, client.failed == 0, origin.failed == 0 else { return }
        lose("bytes sent by clients", client.sentWell - origin.receivedWell)
        lose("bytes sent by the origin", origin.sentWell - client.receivedWell)
    }

    /// Waits until the last bytes have come to the origin, or none has for the timeout.
    private mutating func awaitOrigin() {
        name = "settle"
        let timeout = plan.settings.timeout
        let began = Instant.now()
        var (bytes, moved) = (origins.counts.bytes, began)
        wait { [origins] _ in
            let (counts, now) = (origins.counts, Instant.now())
            if counts.bytes != bytes { (bytes, moved) = (counts.bytes, now) }
            return counts.alive == 0 || now.nanoseconds(since: moved) > timeout
                || now.nanoseconds(since: began) > Script.drainMax * timeout
        }
    }

    // MARK: Open loop

    /// The first arrival is due now.
    private func startSchedule() { clients.control.scheduleStart = Instant.now() }

    /// Counts those who are in line as the measured time ends.
    private mutating func lookAtLine() {
        guard let schedule = script.schedule, let last = outcome.stretches.last?.after else {
            return
        }
        let due = schedule.dueCount(at: last.time, from: clients.control.scheduleStart)
        outcome.inLine = max(Int(due) - last.client.arrivals, 0)
    }

    /// Whether all arrivals have begun, or may no more.
    private func isLineOver(_ counts: Counts) -> Bool {
        guard let schedule = script.tunnelSchedule, counts.arrivals < schedule.count else {
            return true
        }
        // A worker may have looked at the clock a turn ago.
        let ago = Instant(nanoseconds: Instant.now().nanoseconds - 500_000_000)
        return !schedule.isPatient(at: ago, from: clients.control.scheduleStart)
    }

    /// Reports the arrivals that waited in line for longer than a tunnel may stand still.
    private mutating func missUnserved() {
        guard !outcome.isInterrupted, let schedule = script.schedule else { return }
        let left = Int(schedule.count) - clients.counts.arrivals
        guard left > 0 else { return }
        let failure = Failure(.run, .after, .unserved)
        outcome.tally.add(failure, count: left, "\(left) arrivals")
    }

    private mutating func lose(_ what: String, _ count: Int) {
        guard count != 0 else { return }
        outcome.tally.add(Failure(.run, .after, .lost, what), count: abs(count), "\(count) \(what)")
    }

    // MARK: Measuring

    /// Runs `body`, and keeps what it came to, even if it is interrupted.
    private mutating func stretch(
        _ name: String,
        _ unit: Stretch.Unit,
        _ body: (inout Engine) -> Void
    ) {
        guard !outcome.isInterrupted else { return }
        self.name = name
        let before = snapshot()
        body(&self)
        let after = snapshot()
        let stretch = Stretch(name: name, unit: unit, before: before, after: after)
        outcome.stretches.append(stretch)
    }

    private func snapshot() -> Snapshot {
        var snapshot = Snapshot(
            time: Instant.now(),
            client: clients.counts,
            origin: origins.counts,
            clientCPU: clients.roll.cpuNanoseconds,
            originCPU: origins.roll.cpuNanoseconds,
            kernel: KernelReading.now()
        )
        snapshot.add(plan.settings.processes.map { ProcessReading($0) })
        return snapshot
    }

    // MARK: Waiting

    private mutating func wait(nanoseconds: UInt64) {
        let end = Instant.now() + nanoseconds
        wait(until: end) { _ in false }
    }

    /// Waits until `isDone` of the clients' counts, or until `end`, or for an interrupt.
    private mutating func wait(until end: Instant? = nil, _ isDone: (Counts) -> Bool) {
        let began = Instant.now()
        while !outcome.isInterrupted, !isDone(clients.counts) {
            let now = Instant.now()
            var pause = min(now.nanoseconds(since: began) / 100_000_000 + 1, 50)
            if let end {
                guard now < end else { return }
                pause = min(50, end.nanoseconds(since: now) / 1_000_000 + 1)
            }
            if now >= nextSample {
                nextSample = now + 250_000_000
                outcome.samples.append(snapshot())
            }
            guard let last = outcome.samples.last else { continue }
            let progress = Progress(name: name, snapshot: last)
            outcome.isInterrupted = watch(progress, Int(pause))
        }
    }
}

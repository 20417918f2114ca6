internal import Kernel
internal import Relay
internal import Resolver

/// Moving open tunnels to workers that have less to do.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    /// Slots that are looked at for tunnels to move, at most, and for those that are away.
    private static var lookedAtMax: Int { 1024 }
    private static var lookedHomeMax: Int { 256 }
    /// Looks in a row that found a tunnel away before it moves.
    private static var looksAway: Int8 { 2 }
    /// As many more before one that has gone home moves again, and one goes home that was moved
    /// since there was too much to do: some one and three seconds, or more where tunnels are many.
    private static var looksAtHome: Int8 { 40 }
    private static var looksAfterMove: Int8 { 120 }

    /// Moves tunnels to another worker if that has had much less to do for a while; else those
    /// whose clients' packets are handled by the CPU of another to that one.
    mutating func shareWork() {
        guard let balance, balance.spreads, effort.nextLook <= services.now else { return }
        effort.look(services.now, used: services.queue.timeUsed())
        balance.publish(services.index, effort: effort.share)
        // A reload that ends what is now forbidden must not miss a tunnel that is on its way.
        guard !services.isDraining, !services.terms.configuration.enforcesOnReload,
            let other = balance.idlest(besides: services.index, services.now)
        else { return }
        let isAhead = effort.isAhead(of: other.effort)
        let surplus = isAhead ? effort.surplus(of: busyCount, over: other.effort) : 0
        guard surplus > 0 else { return sendHome() }
        move(min(surplus, balance.arrivalMax), to: other.worker)
    }

    /// Busy tunnels that may be moved, among those that are looked at.
    private var busyCount: Int {
        (0..<min(tunnels.used, Self.lookedAtMax)).count { isBusy(lookedAt($0)) }
    }

    private func lookedAt(_ step: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: (movingTurn + step) % tunnels.used)
    }

    private func isBusy(_ slot: UInt32) -> Bool {
        tunnels[slot].mayMove(services) && tunnels[slot].isBusy(services)
    }

    /// Has the first `count` of these come to rest, to move.
    private mutating func move(_ count: Int, to worker: Int) {
        effort.didMove()
        destination = worker
        var left = count
        for step in 0..<min(tunnels.used, Self.lookedAtMax) where left > 0 {
            let slot = lookedAt(step)
            guard isBusy(slot) else { continue }
            left -= 1
            begin(slot, looksAway: -Self.looksAfterMove)
        }
        movingTurn = Int(lookedAt(Self.lookedAtMax))
    }

    private mutating func begin(_ slot: UInt32, looksAway: Int8) {
        tunnels[slot].comeToRest(looksAway: looksAway, &services)
        releaseIfFree(slot)
    }

    // MARK: Home

    /// Moves busy tunnels whose clients' packets the CPU of another worker handles to that one,
    /// unless it has clearly more to do: bytes that cross from CPU to CPU cost a third more.
    private mutating func sendHome() {
        guard tunnels.used > 0 else { return }
        defer { movingTurn = Int(lookedAt(Self.lookedHomeMax)) }
        guard steering != nil else { return }
        let busyBefore = busySeen
        busySeen = 0
        // All that move at one look go to one worker, as many as it has room for.
        var home: (worker: Int, left: Int)?
        for step in 0..<min(tunnels.used, Self.lookedHomeMax) {
            let slot = lookedAt(step)
            guard isBusy(slot) else { continue }
            busySeen += 1
            guard let worker = homeIfAway(slot) else { continue }
            let left = home?.left ?? allowance(of: worker, busyBefore)
            guard left > 0, home?.worker ?? worker == worker else { continue }
            home = (worker, left - 1)
            destination = worker
            begin(slot, looksAway: -Self.looksAtHome)
        }
    }

    /// The worker on whose CPU packets of the busy tunnel in `slot` have been for some looks, if
    /// that is another.
    private mutating func homeIfAway(_ slot: UInt32) -> Int? {
        let cpu = services.queue.incomingCPU(of: tunnels[slot].client)
        guard let home = cpu.flatMap({ balance?.worker(on: $0) }), home != services.index else {
            tunnels[slot].looksAway = min(tunnels[slot].looksAway, 0)
            return nil
        }
        tunnels[slot].looksAway = min(tunnels[slot].looksAway + 1, Self.looksAway)
        return tunnels[slot].looksAway == Self.looksAway ? home : nil
    }

    /// How many of `busy` tunnels worker `index`, whose own they are, may be given at once.
    private func allowance(of index: Int, _ busy: Int) -> Int {
        guard let balance, let other = balance.effort(of: index, services.now) else { return 0 }
        return min(effort.allowance(of: busy, for: other), balance.arrivalMax)
    }

    // MARK: Leaving and arriving

    /// The tunnel in `slot` has come to rest: it moves to the worker that was chosen, or stays if
    /// that takes no more.
    mutating func depart(_ slot: UInt32) {
        guard let balance, balance.departForGood(to: destination) else {
            return tunnels[slot].stay(&services)
        }
        let memory = carrierMemory.passed
        var luggage = Luggage(tunnels[slot])
        if services.keepsRecords { luggage.record = services.records[Int(slot)] }
        let count = luggage.pack(services.texts, of: slot, into: memory)
        let status = services.queue.pass(
            Sockets(client: tunnels[slot].client, upstream: tunnels[slot].upstream),
            with: memory.part(0..<count),
            through: balance.entry(of: destination)
        )
        guard status == 0 else {
            balance.arrive(at: destination)
            return tunnels[slot].stay(&services)
        }
        services.counters.movedAway.add()
        tunnels[slot].leave(&services)
        releaseIfFree(slot)
    }

    /// Takes a tunnel over that another worker has passed on.
    mutating func takeOver(_ sockets: Sockets, _ count: Int) {
        services.counters.movedHere.add()
        let memory = carrierMemory.passed.part(0..<count)
        guard let slot = tunnels.take({ Tunnel(slot: $0) }) else {
            preconditionFailure("slots are set aside for tunnels that come")
        }
        let luggage = Luggage.unpack(memory, services.texts, of: slot)
        if let record = luggage.record { services.records[Int(slot)] = record }
        tunnels[slot].arrive(sockets, luggage, &services)
        carryOut(on: slot)
    }
}

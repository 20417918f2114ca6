internal import Kernel
internal import Relay
internal import Resolver

/// Moving open tunnels to workers that have less to do.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    /// Slots that are looked at for tunnels to move, at most, and for those that are away.
    private static var lookedAtMax: Int { 1024 }
    private static var lookedHomeMax: Int { 256 }
    /// Looks in a row that found a tunnel away before it moves.
    private static var looksAway: Int16 { 2 }
    /// As many more, some ten seconds, before one goes home that was moved since there was too much
    /// to do.
    private static var looksAfterMove: Int16 { 400 }

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
        guard effort.isAhead(of: other.effort) else { return sendHome() }
        let surplus = effort.surplus(of: busyCount, over: other.effort)
        if surplus > 0 { move(min(surplus, balance.arrivalMax), to: other.worker) }
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
        var left = count
        for step in 0..<min(tunnels.used, Self.lookedAtMax) where left > 0 {
            let slot = lookedAt(step)
            guard isBusy(slot) else { continue }
            left -= 1
            begin(slot, to: worker, looksAway: -Self.looksAfterMove)
        }
        movingTurn = Int(lookedAt(Self.lookedAtMax))
    }

    private mutating func begin(_ slot: UInt32, to worker: Int, looksAway: Int16) {
        tunnels[slot].comeToRest(to: worker, looksAway: looksAway, &services)
        releaseIfFree(slot)
    }

    // MARK: Home

    /// Moves busy tunnels whose clients' packets the CPU of another worker handles to that one,
    /// unless it has clearly more to do: bytes that cross from CPU to CPU cost a third more.
    private mutating func sendHome() {
        guard steering != nil, let balance, tunnels.used > 0 else { return }
        var left = balance.arrivalMax
        for step in 0..<min(tunnels.used, Self.lookedHomeMax) where left > 0 {
            let slot = lookedAt(step)
            guard isBusy(slot) else { continue }
            let cpu = services.queue.incomingCPU(of: tunnels[slot].client)
            guard let home = cpu.flatMap({ balance.worker(on: $0) }), home != services.index
            else {
                tunnels[slot].looksAway = 0
                continue
            }
            tunnels[slot].looksAway = min(tunnels[slot].looksAway + 1, Self.looksAway)
            guard tunnels[slot].looksAway == Self.looksAway,
                let other = balance.effort(of: home, services.now), effort.mayGive(to: other)
            else { continue }
            left -= 1
            begin(slot, to: home, looksAway: 0)
        }
        movingTurn = Int(lookedAt(Self.lookedHomeMax))
    }

    // MARK: Leaving and arriving

    /// The tunnel in `slot` has come to rest: it moves to the worker that was chosen, or stays if
    /// that takes no more.
    mutating func depart(_ slot: UInt32) {
        let destination = Int(tunnels[slot].destination)
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
        if services.isDraining { tunnels[slot].drain(&services) }
        releaseIfFree(slot)
    }
}

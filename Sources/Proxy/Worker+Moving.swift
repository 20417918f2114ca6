internal import Kernel
internal import Relay
internal import Resolver

/// Moving open tunnels to workers that have less to do.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    /// Slots that are looked at for tunnels to move, at most, and for those that are away.
    private static var lookedAtMax: Int { 1024 }
    private static var sampleMax: Int { 256 }
    /// Looks in a row that found a tunnel away before it moves.
    private static var looksAway: Int8 { 2 }
    /// As many more before one that has gone home goes home again, and one that was moved for
    /// another reason: some one and three seconds, or more where tunnels are many.
    private static var looksAtHome: Int8 { 40 }
    private static var looksAfterMove: Int8 { 120 }
    /// Looks for which those that are to move may take to come to rest: half a second.
    ///
    /// A sink tells of room once it has sent a third of what it holds, which may be a megabyte.
    private static var looksDepartingMax: Int { 20 }

    /// Moves tunnels to another worker if that has had much less to do for a while, or far fewer
    /// busy ones; else those whose clients' packets are handled by the CPU of another to that one.
    mutating func shareWork() {
        guard let balance, balance.spreads, moves.effort.nextLook <= services.now else { return }
        let wanted = services.queue.timeWanted()
        moves.effort.look(services.now, wanted: wanted, busy: countBusy(), of: tunnels.count)
        balance.publish(services.index, moves.effort.work)
        // One batch after the other.
        guard !awaitDeparting() else { return }
        // A reload that ends what is now forbidden must not miss a tunnel that is on its way.
        guard !services.isDraining, !services.terms.configuration.enforcesOnReload else { return }
        let surplus = moves.effort.surplus { visit in
            balance.visitOthers(besides: services.index, services.now, visit)
        }
        guard let surplus else { return sendHome() }
        move(min(surplus.count, balance.arrivalMax), to: surplus.worker)
    }

    /// Busy tunnels, as of the last time that all were looked at, which takes some looks.
    private mutating func countBusy() -> Int {
        let slots = moves.census.slots(of: tunnels.used)
        let count = slots.count { tunnels[UInt32(truncatingIfNeeded: $0)].isBusy(services) }
        let busy = moves.census.add(count, in: slots, of: tunnels.used)
        return busy ?? moves.effort.work.busy
    }

    /// The busy tunnel in `slot` has come, or gone: it counts at once, and not twice.
    private mutating func didChangeBusy(_ slot: UInt32, by count: Int) {
        moves.effort.change(busy: count)
        moves.census.change(slot, by: count)
    }

    private func lookedAt(_ step: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: (moves.turn + step) % tunnels.used)
    }

    private func mayMove(_ slot: UInt32) -> Bool {
        tunnels[slot].isBusy(services) && tunnels[slot].mayMove(services)
    }

    /// Has the first `count` of these come to rest, to move.
    private mutating func move(_ count: Int, to worker: Int) {
        moves.effort.didMove()
        moves.destination = worker
        // Those last that have to wait for a sink.
        begin(upTo: count, stalled: false)
        begin(upTo: count, stalled: true)
        moves.turn = Int(lookedAt(Self.lookedAtMax))
    }

    private mutating func begin(upTo count: Int, stalled isStalled: Bool) {
        for step in 0..<min(tunnels.used, Self.lookedAtMax) where moves.departing.count < count {
            let slot = lookedAt(step)
            guard mayMove(slot), tunnels[slot].isStalled == isStalled else { continue }
            if isStalled, tunnels[slot].looksAway < 0 { continue }
            begin(slot, looksAway: -Self.looksAfterMove)
        }
    }

    private mutating func begin(_ slot: UInt32, looksAway: Int8) {
        moves.departing.append(slot)
        tunnels[slot].comeToRest(looksAway: looksAway, &services)
        releaseIfFree(slot)
    }

    /// Whether some that were to move still come to rest; after some looks they stay.
    ///
    /// If a slot is another's by now, that one isn't to move.
    private mutating func awaitDeparting() -> Bool {
        moves.looksDeparting += 1
        if moves.looksDeparting < Self.looksDepartingMax,
            moves.departing.contains(where: { tunnels[$0].isComingToRest })
        {
            return true
        }
        for slot in moves.departing { tunnels[slot].giveUpMoving(&services) }
        moves.departing.removeAll(keepingCapacity: true)
        moves.looksDeparting = 0
        return false
    }

    // MARK: Home

    /// Moves busy tunnels whose clients' packets the CPU of another worker handles to that one,
    /// unless it has clearly more to do: bytes that cross from CPU to CPU cost a third more.
    private mutating func sendHome() {
        guard tunnels.used > 0 else { return }
        defer { moves.turn = Int(lookedAt(Self.sampleMax)) }
        // All that move at one look go to one worker, as many as it has room for.
        var home: (worker: Int, left: Int)?
        for step in 0..<min(tunnels.used, Self.sampleMax) {
            let slot = lookedAt(step)
            guard mayMove(slot), let worker = homeIfAway(slot) else { continue }
            let left = home?.left ?? allowance(of: worker)
            guard left > 0, home?.worker ?? worker == worker else { continue }
            home = (worker, left - 1)
            moves.destination = worker
            begin(slot, looksAway: -Self.looksAtHome)
        }
    }

    /// The worker on whose CPU packets of the busy tunnel in `slot` have been for some looks, if
    /// that is another.
    private mutating func homeIfAway(_ slot: UInt32) -> Int? {
        let home = steering == nil ? nil : homeOfPackets(slot)
        let isAway = home != nil && home != services.index
        let looksMax = isAway ? Self.looksAway : 0
        tunnels[slot].looksAway = min(tunnels[slot].looksAway + 1, looksMax)
        return isAway && tunnels[slot].looksAway == looksMax ? home : nil
    }

    /// The worker that is alone on the CPU that handled the last packet of the client in `slot`.
    private mutating func homeOfPackets(_ slot: UInt32) -> Int? {
        let cpu = services.queue.incomingCPU(of: tunnels[slot].client)
        return cpu.flatMap { balance?.worker(on: $0) }
    }

    /// How many of its own tunnels worker `index` may be given at once.
    private func allowance(of index: Int) -> Int {
        guard let balance, let other = balance.work(of: index, services.now) else { return 0 }
        return min(moves.effort.allowance(for: other), balance.arrivalMax)
    }

    // MARK: Leaving and arriving

    /// The tunnel in `slot` has come to rest: it moves to the worker that was chosen, or stays if
    /// that takes no more.
    mutating func depart(_ slot: UInt32) {
        guard let balance, balance.departForGood(to: moves.destination) else {
            return tunnels[slot].stay(&services)
        }
        let memory = carrierMemory.passed
        var luggage = Luggage(tunnels[slot])
        if services.keepsRecords { luggage.record = services.records[Int(slot)] }
        let count = luggage.pack(services.texts, of: slot, into: memory)
        let status = services.queue.pass(
            Sockets(client: tunnels[slot].client, upstream: tunnels[slot].upstream),
            with: memory.part(0..<count),
            through: balance.entry(of: moves.destination)
        )
        guard status == 0 else {
            balance.arrive(at: moves.destination)
            return tunnels[slot].stay(&services)
        }
        services.counters.movedAway.add()
        didChangeBusy(slot, by: -1)
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
        didChangeBusy(slot, by: 1)
        tunnels[slot].arrive(sockets, luggage, &services)
        carryOut(on: slot)
    }
}

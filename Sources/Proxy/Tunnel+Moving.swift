internal import Kernel
internal import Relay
internal import Resolver

/// How a tunnel comes to rest.
enum Departure: UInt8 {
    /// It doesn't.
    case none
    /// At once, as long as no flow stalls.
    case atOnce
    /// First one flow, once its sink has taken what is held for it, then the other, which goes on
    /// meanwhile.
    case afterInbound, afterOutbound
    /// Each flow once its sink has taken what is held for it.
    case drained
}

/// Moving an open tunnel to another worker, with all bytes that are still in its sockets.
///
///     relaying → standing still: what waits is cancelled, what is under way ends, nothing is begun
///              → its sockets and its numbers are passed on → relaying, by the other worker
///
/// It stays where it is if a side breaks or ends, or if it doesn't come to rest soon: a sink has no
/// room for what is held for it.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    /// Whether it is open, and nothing of it is with this worker but its sockets and its numbers.
    func mayMove(_ worker: borrowing Worker) -> Bool {
        guard state == .relaying, !isMoving, !isStream, !isLimited, opening == nil, ending == nil
        else { return false }
        return Direction.allCases.allSatisfy { direction in
            let flow = duplex[direction]
            let holding = holdings[direction]
            return flow.phase != .paused && flow.phase != .ended && !flow.isMeasured
                && !holding.hasBroken && holding.sourceError == nil
        }
    }

    /// Whether it is open and a byte has moved of late.
    func isBusy(_ worker: borrowing Worker) -> Bool {
        state == .relaying && lastActivity + Self.motionNanoseconds > worker.now
    }

    /// Whether bytes are held for a sink that has no room.
    var isStalled: Bool { Direction.allCases.contains { duplex[$0].isStalled } }

    /// Whether it is to move.
    var isMoving: Bool { departure != .none }

    /// Whether it is to move, and may still do so.
    var isComingToRest: Bool { isMoving && state == .relaying }

    /// It is to move: from now on it begins nothing.
    ///
    /// But where one side takes no more at present, the other may go on talking until it does.
    mutating func comeToRest(looksAway: Int8, _ worker: inout Worker) {
        self.looksAway = looksAway
        chooseDeparture()
        for direction in Direction.allCases where !goesOn(direction) {
            giveUpWaiting(direction, &worker)
        }
    }

    private mutating func chooseDeparture() {
        switch (duplex[.inbound].isStalled, duplex[.outbound].isStalled) {
        case (false, false): departure = .atOnce
        case (true, false): departure = .afterInbound
        case (false, true): departure = .afterOutbound
        case (true, true): departure = .drained
        }
    }

    /// A flow has stalled before it stood still: the other one goes on meanwhile.
    mutating func didStallDeparting(_ worker: inout Worker) {
        chooseDeparture()
        goOn(&worker)
    }

    /// Whether the flow of `direction` goes on until the other one stands still.
    private func goesOn(_ direction: Direction) -> Bool {
        departure == (direction == .outbound ? .afterInbound : .afterOutbound)
    }

    /// The flow of `direction` waits for no more bytes.
    private mutating func giveUpWaiting(_ direction: Direction, _ worker: inout Worker) {
        let flow = duplex[direction]
        if flow.phase == .watching {
            cancel(.watchSource, detail: direction.rawValue, &worker)
        } else if flow.phase == .receiving || flow.isArmed {
            cancel(.receive, detail: direction.rawValue, &worker)
        }
    }

    /// Whether it is to move and can: the kernel holds nothing of it but what is in its sockets.
    var isReadyToMove: Bool {
        guard isComingToRest, inFlight == 0, ending == nil else { return false }
        return Direction.allCases.allSatisfy { duplex[$0].phase == .standing }
    }

    /// Whether the flow of `direction` stands still instead of taking `step`, since it is to move.
    mutating func standsStill(
        insteadOf step: Flow.Step,
        _ direction: Direction,
        _ worker: inout Worker
    ) -> Bool {
        guard !goesOn(direction) else { return false }
        switch step {
        case .watchSource, .receive, .awaitBuffer, .moveIn:
            releasePipe(direction, &worker)
            duplex[direction].standStill()
            if holdings[direction].watchesHangUp {
                cancel(.watchHangUp, detail: direction.rawValue, &worker)
            }
            if goesOn(direction.reverse) {
                departure = .drained
                giveUpWaiting(direction.reverse, &worker)
            }
            return true
        case .none, .cancelReceive, .send, .releaseBuffer, .moveOut, .watchSink, .shutdownSink:
            return false
        }
    }

    /// It goes on where it is, and does not move.
    mutating func stay(_ worker: inout Worker) {
        departure = .none
        goOn(&worker)
    }

    /// It has had time enough to come to rest: if it hasn't, it stays, and for some seconds isn't
    /// asked again while a sink has no room.
    mutating func giveUpMoving(_ worker: inout Worker) {
        guard isComingToRest else { return }
        looksAway = .min
        stay(&worker)
    }

    private mutating func goOn(_ worker: inout Worker) {
        for direction in Direction.allCases where duplex[direction].phase == .standing {
            take(duplex[direction].goOn(), direction, &worker)
        }
    }

    /// Its sockets have been passed on: what is left of it here is a free slot.
    mutating func leave(_ worker: inout Worker) {
        close(client, &worker)
        client = -1
        close(upstream, &worker)
        upstream = -1
        departure = .none
        state = .free
    }

    /// It comes from another worker, and goes on.
    mutating func arrive(_ sockets: Sockets, _ luggage: Luggage, _ worker: inout Worker) {
        renew()
        state = .relaying
        client = sockets.client
        upstream = sockets.upstream
        worker.descriptorCount += 2
        duplex = luggage.duplex
        holdings = luggage.holdings
        firstToEnd = luggage.firstToEnd
        accepted = luggage.accepted
        lastActivity = luggage.lastActivity
        awaitsAnswer = luggage.awaitsAnswer
        isKeptAlive = luggage.isKeptAlive
        isAdmitted = luggage.isAdmitted
        looksAway = luggage.looksAway
        scheduleRelayTimer(&worker)
        goOn(&worker)
    }
}

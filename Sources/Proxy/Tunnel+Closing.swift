internal import Connect
internal import Kernel
internal import Relay
internal import Resolver

/// How a tunnel ends: end, then terminate → join → close → free.
///
/// Every end goes through `end`, which says why, once. From then on submissions are only cancelled
/// and waited for; descriptors are closed, and everything held is given back, when the kernel
/// holds nothing any more.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    /// How long a client that was refused, or a side that has had all while the other is gone, may
    /// go on sending before the connection is closed for good.
    static var lingerNanoseconds: UInt64 { 2_000_000_000 }
    /// Bytes of it that are thrown away, at most.
    static var discardMax: UInt32 { 1 << 20 }
    /// How long ago a byte may have moved at most, for more of them to be on their way.
    static var motionNanoseconds: UInt64 { 250_000_000 }

    // MARK: Relay timers

    /// Sets the deadline to the next moment at which a relaying tunnel may have to do something.
    mutating func scheduleRelayTimer(_ worker: inout Worker) {
        let configuration = worker.terms.configuration
        var moment = Instant(nanoseconds: .max)
        if isParkable(worker.terms.flow) || worker.isDraining {
            // A tunnel that has been looked at and could not be parked is looked at again later.
            let rest = restLimit(worker)
            let due = lastActivity + rest
            moment = due > worker.now ? due : worker.now + rest
        }
        // An answer that comes meanwhile makes the rest shorter.
        if worker.isDraining { moment = min(moment, worker.now + configuration.restAfter) }
        if hasWorkAtRest(worker) { moment = min(moment, restFrom(worker)) }
        let quiet = quietLimit(configuration)
        if quiet > 0, !duplex.isPaused { moment = min(moment, lastActivity + quiet) }
        if lingers, !isStream { moment = worker.now + lingerLook(worker) }
        moment = min(moment, lastMoment(worker))
        // The wheel has no "never"; a look each hour costs nothing.
        worker.deadlines.set(slot, at: min(moment, worker.now + 3_600_000_000_000))
    }

    /// Nanoseconds without a byte after which a flow parks, or an idle tunnel ends that is drained.
    private func restLimit(_ worker: borrowing Worker) -> UInt64 {
        let configuration = worker.terms.configuration
        if worker.isDraining {
            let patience = awaitsAnswer ? configuration.drainPatience : 0
            return max(patience, configuration.restAfter)
        }
        return isStream ? configuration.streamParkAfter : configuration.parkAfter
    }

    /// When it ends, or has to be looked at, whether or not bytes move.
    private func lastMoment(_ worker: borrowing Worker) -> Instant {
        let lifetime = worker.terms.configuration.maxLifetime
        var moment = lifetime > 0 ? accepted + lifetime : Instant(nanoseconds: .max)
        moment = min(moment, worker.progressDue(slot))
        return isLimited ? min(moment, limitMoment(worker)) : moment
    }

    /// Nanoseconds without a byte after which the tunnel ends; 0 is never.
    private func quietLimit(_ configuration: Configuration) -> UInt64 {
        duplex.isHalfClosed ? configuration.halfClosedTimeout : configuration.idleTimeout
    }

    /// Whether a flow holds, or may hold again, a receive that could be given up.
    private func isParkable(_ rules: FlowRules) -> Bool {
        Direction.allCases.contains { direction in
            let flow = duplex[direction]
            switch flow.phase {
            case .ended: return false
            case .watching, .paused: return flow.isBulk && rules.way == .auto
            default: return true
            }
        }
    }

    /// A parked flow wakes: it will have to be parked again.
    mutating func wakeFromParking(_ direction: Direction, _ worker: inout Worker) {
        guard !isParkable(worker.terms.flow), !lingers else { return }
        noteActivity(direction, worker)
        var moment = worker.now + restLimit(worker)
        let quiet = quietLimit(worker.terms.configuration)
        if quiet > 0 { moment = min(moment, worker.now + quiet) }
        worker.deadlines.set(slot, at: min(moment, lastMoment(worker)))
    }

    mutating func relayTimerFired(_ worker: inout Worker) {
        guard !isLimited || goesOn(&worker) else { return }
        if worker.progressDue(slot) <= worker.now { worker.writeProgress(slot, accepted, duplex) }
        let configuration = worker.terms.configuration
        let quiet = quietLimit(configuration)
        if configuration.maxLifetime > 0,
            accepted + configuration.maxLifetime <= worker.now
        {
            return end(Ending(cause: .lifetime, side: .proxy), &worker)
        }
        // A stream ends as one that is half-closed: RESET might overtake bytes on another lane.
        if lingers, !isStream { return linger(&worker) }
        if quiet > 0, !duplex.isPaused, lastActivity + quiet <= worker.now {
            let cause: Ending.Cause = duplex.isHalfClosed ? .halfClosedTimeout : .idleTimeout
            return end(Ending(cause: cause, side: .proxy), &worker)
        }
        if restFrom(worker) <= worker.now { rest(&worker) }
        if lastActivity + restLimit(worker) <= worker.now {
            if worker.isDraining, duplex.isQuiet {
                guard isStream, !worker.sessions.isQuiet(slot) else {
                    return end(Ending(cause: .drained, side: .proxy), &worker)
                }
                worker.sessions.settle(slot)
            }
            take(duplex.outbound.park(worker.terms.flow), .outbound, &worker)
            take(duplex.inbound.park(worker.terms.flow), .inbound, &worker)
        }
        scheduleRelayTimer(&worker)
    }

    // MARK: Draining

    /// The server drains: what is idle ends now, what isn't opened yet is refused.
    mutating func drain(_ worker: inout Worker) {
        switch state {
        case .readingHead, .identifying, .resolving, .dialling, .askingParent:
            refuse(.draining, &worker)
        case .relaying where lingers && !isStream: break
        case .relaying:
            let due = lastActivity + restLimit(worker)
            let isQuiet = duplex.isQuiet && (!isStream || worker.sessions.isQuiet(slot))
            guard isQuiet, due <= worker.now else {
                return scheduleRelayTimer(&worker)
            }
            end(Ending(cause: .drained, side: .proxy), &worker)
        // The time for a ClientHello is short, and then the relay drains.
        case .free, .answering, .readingHello, .refusing, .closing, .handingOver: break
        }
    }

    /// The server stops: whatever the state, it ends now.
    mutating func stop(_ cause: Ending.Cause, _ worker: inout Worker) {
        guard state != .free, state != .closing else { return }
        end(Ending(cause: cause, side: .proxy), &worker)
    }

    // MARK: Ending

    /// The tunnel ends, for the reason that is given first.
    mutating func end(_ ending: Ending, _ worker: inout Worker) {
        guard state != .closing else { return }
        let cutsOff = ending.side == .proxy && resetWhomItCutsOff(ending.cause, &worker)
        if self.ending == nil {
            self.ending = ending
            self.ending?.cutsOff = cutsOff
        }
        terminate(&worker)
    }

    /// Has the sides end by a reset that more was on its way to, since a FIN would tell them that
    /// they have all; whether there are any.
    private mutating func resetWhomItCutsOff(
        _ cause: Ending.Cause,
        _ worker: inout Worker
    ) -> Bool {
        guard state == .relaying else { return false }
        var moves = lastActivity + Self.motionNanoseconds > worker.now
        switch cause {
        case .idleTimeout, .halfClosedTimeout: moves = false
        // What a rule lets a tunnel move at most is delivered to the last byte.
        case .ruleBytes: return false
        default: break
        }
        var cutsOff = false
        for direction in Direction.allCases where duplex[direction].phase != .ended {
            let flow = duplex[direction]
            guard moves || flow.held > 0 || flow.isHeldBack else { continue }
            cutsOff = true
            if sink(direction) >= 0 { worker.queue.makeAbortive(sink(direction)) }
        }
        return cutsOff
    }

    // MARK: Terminate, join, close, free

    mutating func terminate(_ worker: inout Worker) {
        guard state != .closing else { return }
        stopWaiting(&worker)
        worker.deadlines.clear(slot)
        if owesReset, lingering >= 0 { worker.queue.makeAbortive(lingering) }
        if isStream { worker.sessions.leave(slot, resetReason) }
        if inFlight > 0 { cancelAll(&worker) }
        state = .closing
        closeIfQuiet(&worker)
    }

    /// Cancels all that may be in flight.
    private mutating func cancelAll(_ worker: inout Worker) {
        cancelAttempts(&worker)
        switch state {
        case .readingHead: cancel(.receiveHead, &worker)
        case .askingParent: cancelAsking(&worker)
        case .answering: cancel(.sendAnswer, &worker)
        case .readingHello: cancel(.receiveHello, &worker)
        case .refusing:
            cancel(.sendRefusal, &worker)
            cancel(.receiveHead, &worker)
            cancel(.discard, &worker)
        case .relaying:
            for direction in Direction.allCases {
                guard let operation = Self.operation(in: duplex[direction].phase),
                    isOfRing(operation, direction)
                else { continue }
                cancel(operation, detail: direction.rawValue, &worker)
                if duplex[direction].isArmed, operation != .receive {
                    cancel(.receive, detail: direction.rawValue, &worker)
                }
            }
        case .free, .identifying, .resolving, .dialling, .closing, .handingOver: break
        }
        for direction in Direction.allCases where holdings[direction].watchesHangUp {
            cancel(.watchHangUp, detail: direction.rawValue, &worker)
        }
    }

    /// What a flow in `phase` may have in flight.
    private static func operation(in phase: Flow.Phase) -> Operation? {
        switch phase {
        case .watching: .watchSource
        case .receiving, .parking: .receive
        case .sending: .send
        case .movingIn: .moveIn
        case .movingOut: .moveOut
        case .awaitingSink, .awaitingRoom: .watchSink
        case .idle, .paused, .awaitingBuffer, .standing, .ended: nil
        }
    }

    /// A completion came after the end: give back what it brought, and count what it has delivered.
    mutating func settle(_ token: Token, _ completion: Completion, _ worker: inout Worker) {
        let count = Int(completion.result)
        switch token.operation {
        case .receive:
            guard let buffer = completion.buffer else { return }
            worker.lend(buffer)
            giveBack(buffer, &worker)
        case .connect:
            guard let opening else { return }
            let index = Int(token.detail)
            close(worker.openings[opening].attempts[index], &worker)
            worker.openings[opening].attempts[index] = -1
            worker.openings[opening].attemptCount -= 1
        case .send where count > 0: _ = sent(count, token.direction, worker)
        case .moveIn where count > 0:
            // What was moved into the pipe is lost with it, and the pipe must not be lent again.
            _ = duplex[token.direction].movedIn(count, worker.terms.flow)
        case .moveOut where count > 0: _ = movedOut(count, token.direction, worker)
        default: break
        }
    }

    mutating func closeIfQuiet(_ worker: inout Worker) {
        guard state == .closing, inFlight == 0 else { return }
        for direction in Direction.allCases {
            while let buffer = holdings[direction].buffer {
                holdings[direction].buffer = worker.buffers.follower(of: buffer)
                giveBack(buffer, &worker)
            }
            emptyOverflow(direction, &worker)
            releasePipe(direction, &worker)
        }
        close(client, &worker)
        client = -1
        close(upstream, &worker)
        upstream = -1
        beCountedNoMore(&worker)
        releaseOpening(&worker)
        if isTurnedAway { worker.turnedAwayCount -= 1 }
        if isAdmitted { worker.leave(slot) }
        isAdmitted = false
        if refusalOfTunnel != nil { worker.leaveCarriers(slot) }
        refusalOfTunnel = nil
        tell(&worker)
        state = .free
    }

    private mutating func tell(_ worker: inout Worker) {
        worker.counters.ended.add()
        let ending = ending ?? Ending(cause: .stopped, side: .proxy)
        worker.writeEnd(slot, accepted, duplex, ending)
    }

    /// Closes a descriptor that nothing in flight uses.
    mutating func close(_ descriptor: Int32, _ worker: inout Worker) {
        guard descriptor >= 0 else { return }
        worker.descriptorCount -= 1
        worker.queue.close(descriptor, token: token(.close))
    }

    /// Lets go of the opening when no attempt and no early byte needs it.
    mutating func releaseOpeningIfDone(_ worker: inout Worker) {
        guard let opening, state == .relaying || state == .closing else { return }
        let early = worker.openings[opening].received - worker.openings[opening].headCount
        guard worker.openings[opening].attemptCount == 0, early == 0 else { return }
        releaseOpening(&worker)
    }

    mutating func releaseOpening(_ worker: inout Worker) {
        guard let opening else { return }
        worker.release(opening)
        self.opening = nil
    }
}

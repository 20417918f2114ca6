internal import Connect
internal import Kernel
internal import MethodTunnel
internal import Resolver

/// How sessions end: left by their clients, ended by them, or with the server.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    /// How long an answer may still take once all sessions have ended with the server.
    private static var lastNanoseconds: UInt64 { 2_000_000_000 }

    /// Looks at the session at `index` again when it may have been left.
    mutating func watchSession(_ index: Int) {
        guard let deadline = services.sessions.table.deadline(index) else { return }
        services.sessions.deadlines.set(UInt32(index), at: Instant(nanoseconds: deadline))
    }

    /// Ends sessions whose clients haven't been heard for the grace time.
    mutating func passSessionDeadlines() {
        while let slot = services.sessions.deadlines.next(passedBy: services.now) {
            let index = Int(slot)
            guard let deadline = services.sessions.table.deadline(index) else { continue }
            if deadline <= services.now.nanoseconds {
                endSession(index)
            } else {
                watchSession(index)
            }
        }
    }

    /// Ends the session at `index`, its streams, and the waiting of its requests.
    mutating func endSession(_ index: Int) {
        let desk = UInt32(index)
        guard services.sessions.desks[desk].isLive else { return }
        let seats = services.sessions.desks[desk].seats
        let served = services.sessions.desks[desk].served
        services.admission.releaseSession(services.sessions.desks[desk].quota)
        services.sessions.remove(index)
        for seat in seats {
            if let tunnel = seat.tunnel {
                tunnels[tunnel].sessionEnded(&services)
                releaseIfFree(tunnel)
            }
            if let opener = seat.opener { answer(opener, .noSession) }
        }
        for lane in served.indices {
            guard let slot = served[lane] else { continue }
            carriers[slot].isFlow ? endFlow(slot) : answer(slot, .noSession)
        }
    }

    // MARK: Draining

    /// Tells all clients that nothing new is taken.
    mutating func drainSessions() {
        forEachSession { worker, index in
            worker.services.sessions.desks[UInt32(index)].drain()
            worker.services.sessions.touch(index)
        }
    }

    /// Sessions whose clients don't have all yet that is on their lanes, or will be.
    var unsettledSessions: Int {
        var count = 0
        for index in 0..<services.terms.method.sessionsMax
        where services.sessions.desks[UInt32(index)].isUnsettled { count += 1 }
        return count
    }

    /// When sessions are to be looked at again for silent clients; nil unless the server drains.
    var silenceDeadline: Instant? {
        guard services.isDraining, services.sessions.count > 0 else { return nil }
        return services.now + services.terms.configuration.drainPatience / 10 + 1_000_000
    }

    /// Whether nothing is heard of the client of the session at `index`, of which no request waits.
    private func isSilent(_ index: Int) -> Bool {
        let served = services.sessions.desks[UInt32(index)].served
        for lane in served.indices where served[lane] != nil { return false }
        let left = services.sessions.desks[UInt32(index)].left.nanoseconds
        let now = services.now.nanoseconds
        let patience = services.terms.configuration.drainPatience
        return services.sessions.table.heard(index).map { now >= max($0, left) + patience } ?? false
    }

    /// Ends what is left, once no tunnel is and all has been told, or the time is over; before that
    /// the sessions that nobody would fetch anything from.
    mutating func finishSessions() {
        forEachSession { worker, index in
            if worker.isSilent(index) { worker.endSession(index) }
        }
        guard tunnels.count == 0, directive != .drain || unsettledSessions == 0 else { return }
        forEachSession { worker, index in worker.endSession(index) }
        let deadline = lastDeadline ?? services.now + Self.lastNanoseconds
        lastDeadline = deadline
        for index in 0..<carriers.used {
            let slot = UInt32(truncatingIfNeeded: index)
            switch carriers[slot].state {
            case .free, .closing: break
            case .answering, .lingering: carrierDeadlines.set(slot, at: deadline)
            case .readingHead, .identifying, .readingBody, .waiting, .flowing:
                terminateCarrier(slot)
                freeIfClosed(slot)
            }
        }
    }

    private mutating func forEachSession(_ body: (inout Self, Int) -> Void) {
        for index in 0..<services.terms.method.sessionsMax
        where services.sessions.desks[UInt32(index)].isLive { body(&self, index) }
    }
}

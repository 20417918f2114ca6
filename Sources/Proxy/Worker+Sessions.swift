internal import Connect
internal import Kernel
internal import MethodTunnel
internal import Resolver

/// What follows for sessions, at the end of a turn: openers are told, streams get what has come for
/// them, and requests for lanes get what there is.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    /// Does all that sessions have to do.
    mutating func attendSessions() {
        while let index = services.sessions.nextTouched() {
            guard services.sessions.desks[UInt32(index)].isLive else { continue }
            attend(index)
        }
    }

    private mutating func attend(_ index: Int) {
        let desk = UInt32(index)
        while let stream = services.sessions.desks[desk].nextTouched() { attend(index, stream) }
        while let stream = services.sessions.desks[desk].nextDecided() {
            // The slot may be another stream's by now, on which nothing is decided yet.
            guard services.sessions.desks[desk].session[stream].phase != .opening else { continue }
            tell(index, stream)
        }
        let lanes = services.sessions.desks[desk].session.terms.lanes
        let first = services.sessions.desks[desk].firstLane
        services.sessions.desks[desk].firstLane = (first + 1) % lanes
        for turn in 0..<lanes { serve(index, (first + turn) % lanes) }
        services.sessions.desks[desk].isSettling = false
    }

    // MARK: Streams

    /// Something has happened to `stream`.
    private mutating func attend(_ index: Int, _ stream: Int) {
        let desk = UInt32(index)
        let wasReset = services.sessions.desks[desk].wasReset(stream)
        // Whoever waits for the decision learns that there is none any more.
        if wasReset { tell(index, stream) }
        guard let tunnel = services.sessions.desks[desk].seats[stream].tunnel else { return }
        if wasReset {
            tunnels[tunnel].sessionReset(&services)
        } else {
            tunnels[tunnel].sessionMoved(&services)
        }
        releaseIfFree(tunnel)
    }

    /// Tells whoever waits for it what was decided on `stream`.
    private mutating func tell(_ index: Int, _ stream: Int) {
        let desk = UInt32(index)
        guard let opener = services.sessions.desks[desk].seats[stream].opener else { return }
        services.sessions.desks[desk].seat(stream, opener: nil)
        if let refusal = services.sessions.desks[desk].session[stream].refusal {
            answer(opener, refusal: refusal)
        } else {
            let isOpen = services.sessions.desks[desk].session[stream].phase == .open
            answer(opener, isOpen ? .done : .gone)
        }
    }

    // MARK: Lanes

    /// Puts what there is on `lane`, and gives it to the request that waits for it.
    private mutating func serve(_ index: Int, _ lane: Int) {
        guard let slot = services.sessions.desks[UInt32(index)].served[lane] else { return }
        serve(index, lane, slot)
        // What it was to get may be gone.
        freeIfClosed(slot)
    }

    private mutating func serve(_ index: Int, _ lane: Int, _ slot: UInt32) {
        let desk = UInt32(index)
        let position = carriers[slot].position
        let before = services.sessions.desks[desk].session.outlets[lane].end
        fill(index, lane, limit: carriers[slot].sizeLeft - Int(before - position))
        let end = services.sessions.desks[desk].session.outlets[lane].end
        let count = min(Int(end - position), carriers[slot].sizeLeft)
        let isOver = carriers[slot].waitEnd <= services.now
        guard carriers[slot].isFlow else {
            guard count > 0 || isOver else { return }
            services.sessions.desks[desk].leave(lane: lane, services.now)
            return answerLane(slot, index, lane)
        }
        guard carriers[slot].state == .flowing else { return }
        let piece = min(count, CarrierMemory.pieceMax)
        let isLast =
            isOver || carriers[slot].sizeLeft - piece < Session.roomMin
            || piece == count && isToSettle(index, lane)
        if isLast { services.sessions.desks[desk].leave(lane: lane, services.now) }
        if piece > 0 {
            sendChunk(slot, piece, isLast: isLast)
        } else if isLast {
            endFlow(slot)
        }
    }

    /// Whether a client that gets nothing more is to say with its next request that it has all.
    private func isToSettle(_ index: Int, _ lane: Int) -> Bool {
        let desk = UInt32(index)
        let isWanted =
            services.sessions.desks[desk].isSettling || !services.sessions.desks[desk].hasStreams
        return services.isDraining && isWanted
            && services.sessions.desks[desk].session.outlets[lane].keptByteCount > 0
    }

    /// Puts frames on `lane`, up to `limit` bytes.
    private mutating func fill(_ index: Int, _ lane: Int, limit: Int) {
        let desk = UInt32(index)
        var left = limit
        while left > 0 {
            let start = services.sessions.desks[desk].session.outlets[lane].end
            guard let frame = services.sessions.desks[desk].nextFrame(lane, limit: left)
            else { return }
            left -= Frame.headerByteCount + frame.count
            write(frame, index, lane, start)
            guard frame.kind == .data, let number = StreamNumber(rawValue: frame.stream),
                let tunnel = services.sessions.desks[desk].seats[number.slot].tunnel
            else { continue }
            let source = tunnels[tunnel].offered(frame.count, services)
            copy(source, index, lane, start + UInt64(Frame.headerByteCount))
            tunnels[tunnel].didPut(frame.count, &services)
            releaseIfFree(tunnel)
        }
    }

    /// Writes the header of `frame` at `offset` of `lane`.
    private func write(_ frame: Frame, _ index: Int, _ lane: Int, _ offset: UInt64) {
        let ring = services.sessions.ring(index, lane)
        let header = frame.encoded
        for place in header.indices {
            ring[Int((offset + UInt64(place)) % UInt64(ring.count))] = header[place]
        }
    }

    /// Copies `source` to `offset` of `lane`.
    private func copy(_ source: Extent, _ index: Int, _ lane: Int, _ offset: UInt64) {
        let ring = services.sessions.ring(index, lane)
        let outlet = services.sessions.desks[UInt32(index)].session.outlets[lane]
        var done = 0
        while done < source.count {
            let piece = outlet.ringPiece(
                from: offset + UInt64(done),
                countMax: source.count - done
            )
            source.part(done..<(done + piece.count)).copy(to: ring.part(piece))
            done += piece.count
        }
    }

    // MARK: Waiting

    /// Sets the deadline of a request that waits for bytes: the end of its wait, or before that
    /// what is to be done for one that waits long.
    mutating func setWaitDeadline(_ slot: UInt32) {
        let pause =
            carriers[slot].isFlow
            ? carriers[slot].lastSent + MethodTerms.padAfter
            : services.now + services.terms.configuration.streamParkAfter
        carrierDeadlines.set(slot, at: min(carriers[slot].waitEnd, pause))
    }

    /// A request has waited for bytes until its deadline.
    mutating func waitIsOver(_ slot: UInt32) {
        guard let index = liveSession(of: slot), let lane = carriers[slot].lane else { return }
        if carriers[slot].waitEnd <= services.now { return services.sessions.touch(index) }
        guard carriers[slot].isFlow else {
            // It is parked: what it had to say is known, and what it gets isn't written yet.
            services.sessions.rest(index)
            if carriers[slot].received == carriers[slot].consumed { carrierMemory.empty(slot) }
            return carrierDeadlines.set(slot, at: carriers[slot].waitEnd)
        }
        services.sessions.rest(index)
        let start = services.sessions.desks[UInt32(index)].session.outlets[lane].end
        if let frame = services.sessions.desks[UInt32(index)].pad(lane) {
            write(frame, index, lane, start)
            services.sessions.touch(index)
        } else {
            carriers[slot].lastSent = services.now
            setWaitDeadline(slot)
        }
    }

    /// The request of the carrier in `slot` waits for nothing any more.
    mutating func leaveSession(_ slot: UInt32) {
        guard let index = liveSession(of: slot) else { return }
        let desk = UInt32(index)
        if let lane = carriers[slot].lane, lane < 4,
            services.sessions.desks[desk].served[lane] == slot
        {
            services.sessions.desks[desk].leave(lane: lane, services.now)
        }
        if case .open(let number) = carriers[slot].target.operation,
            number.slot < services.sessions.desks[desk].seats.count,
            services.sessions.desks[desk].seats[number.slot].opener == slot
        {
            services.sessions.desks[desk].seat(number.slot, opener: nil)
        }
    }
}

internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel
internal import Proxy
internal import Resolver

/// The life of a session: made, heard of, lost, and made anew.
extension ClientWorker where Queue: ~Copyable, Names: ~Copyable {
    /// Being late by this much means that the program, or the machine, was away.
    private static var absence: UInt64 { 5_000_000_000 }
    /// Failures are told when nothing has been heard for this long.
    private static var silence: UInt64 { 3_000_000_000 }

    // MARK: Making

    /// `make` has been answered.
    mutating func didMake(_ preamble: Preamble, _ reply: Extent) {
        guard phase == .making, makes.serial == preamble.serial else { return }
        switch preamble.result {
        case .done: begin(reply)
        case .version: makeFailed(.version(preamble.value))
        case .limit: makeFailed(.limit)
        case .busy:
            // The nonce leads to one worker of the server; another may have room.
            renewNonce()
            makeFailed(.draining)
        case .draining: makeFailed(.draining)
        case .gone:
            // Somebody has used the session that this nonce made: another one is wanted.
            renewNonce()
            makeFailed(.nonsense)
        case .noSession, .gap, .stale, .refused, .violation: makeFailed(.nonsense)
        }
    }

    /// The session that `reply` tells of begins.
    private mutating func begin(_ reply: Extent) {
        let told = reply.withBytes { bytes -> (SessionID, Parameters)? in
            let start = Preamble.byteCount + SessionID.byteCount
            guard let id = SessionID(bytes: bytes, at: Preamble.byteCount),
                let parameters = Parameters(decoding: bytes, from: start)
            else { return nil }
            return (id, parameters)
        }
        guard let (id, parameters) = told else { return makeFailed(.nonsense) }
        makes.end()
        var terms = Parameters.terms(.client, client: settings.parameters, server: parameters)
        terms.slots = min(terms.slots, locals.capacity)
        session = Session(.client, terms)
        pool = BlockPool(count: pool.count, blockSize: pool.blockSize)
        schedule = ClientSchedule(
            parameters,
            lanes: terms.lanes,
            serial: schedule.nextSerial(),
            seed: random(),
            now: now.nanoseconds
        )
        self.id = id
        reference = .field
        hasBeenNamed = false
        phase = .made
        standing.slept = Instant.timeAsleep()
        didHear()
        writeSession("session_made", "")
        notify(.connected)
        guard !standing.hasStarted else { return }
        standing.hasStarted = true
        start.pass()
    }

    /// `make` has failed.
    mutating func makeFailed(_ fault: Fault, isStale: Bool = false) {
        guard phase == .making else { return }
        makes.fail(now.nanoseconds, broughtBytes: isStale, chance: schedule.nextChance())
        note(fault)
        guard standing.hasStarted else {
            if fault.needsOperator || startIsOver { failStart(fault) }
            return
        }
        guard fault.needsOperator else { return }
        for slot in openings where locals[slot].state == .opening { refuse(slot, fault) }
    }

    // MARK: Starting

    /// When the client gives up unless there is a session; nil once there has been one.
    var startDeadline: Instant? {
        guard !standing.hasStarted, phase == .making else { return nil }
        return standing.began.map { $0 + ClientConfiguration.startTimeout }
    }

    /// Whether the time for the first session is over.
    var startIsOver: Bool { startDeadline.map { $0 <= now } ?? false }

    /// There is no first session, for `fault`: that is said, and the client ends.
    mutating func failStart(_ fault: Fault) {
        start.fail(fault.text(settings))
        leave()
    }

    // MARK: Losing

    /// The session is over, for `reason`: its streams are reset, and another one is made.
    mutating func endSession(_ reason: String) {
        guard phase == .made else { return }
        writeSession("session_lost", reason)
        notify(.lost(reason))
        phase = .making
        gathering = nil
        if hasBeenNamed {
            makes = Attempts()
        } else {
            // It was good for nothing, and so may be the next.
            makes.fail(now.nanoseconds, broughtBytes: false, chance: schedule.nextChance())
        }
        renewNonce()
        closeCarriers()
        for index in 0..<locals.used {
            let slot = UInt32(truncatingIfNeeded: index)
            switch locals[slot].state {
            case .opening:
                // It waits for the next session.
                locals[slot].stream = nil
                locals[slot].attempts = Attempts()
            case .answering, .relaying: abort(slot, "session_lost")
            case .free, .readingHead, .refusing, .closing: locals[slot].stream = nil
            }
        }
        for index in streamLocals.indices { streamLocals[index] = .max }
        session = Session(.client, SessionTerms())
        pool = BlockPool(count: pool.count, blockSize: pool.blockSize)
    }

    // MARK: How things stand

    /// An answer has come that was the server's own.
    mutating func didHear() {
        schedule.didHear(now.nanoseconds)
        if standing.told != nil {
            let seconds = now.nanoseconds(since: standing.since) / 1_000_000_000
            writeSession("recovered", "")
            notify(.recovered(afterSeconds: seconds))
        }
        standing.fault = nil
        standing.told = nil
    }

    /// Requests fail, for `fault`.
    ///
    /// One that is made again soon is nobody's concern.
    mutating func note(_ fault: Fault) {
        if standing.fault == nil { standing.since = now }
        standing.fault = fault
        guard standing.hasStarted, standing.told != fault else { return }
        let isSilent = now.nanoseconds >= schedule.heard + Self.silence
        guard phase == .making || isSilent || fault.needsOperator else { return }
        standing.told = fault
        let text = fault.text(settings)
        writeSession("failing", text)
        notify(.failing(text))
    }

    /// Tells when bytes are asked for in another way than `before`.
    mutating func tellPolling(_ before: Polling.Mode) {
        let mode = schedule.polling.mode
        guard mode != before, mode != .probing else { return }
        let word =
            switch mode {
            case .probing, .flow: "streaming"
            case .longPoll: "long_poll"
            case .shortPoll: "short_poll"
            }
        writeSession("polling", word)
    }

    /// Looks whether the machine or the program was away since `wake` was due: then connections of
    /// before tell nothing, and the network may be another one.
    mutating func noticeAbsence(since wake: Instant) {
        let isLate = now.nanoseconds(since: wake) > Self.absence
        let slept = Instant.timeAsleep()
        let hasSlept = slept > standing.slept + 1_000_000_000
        guard phase == .made, isLate || hasSlept else { return }
        standing.slept = slept
        writeSession("awake", "")
        beginAnew()
    }

    /// Addresses of this machine have come or gone: what was connected from one that has gone is
    /// dead, though nobody says so.
    mutating func addressesMoved() {
        let hasLost = AddressWatch.hasLost(on: addressWatch)
        watchAddresses()
        names.meetNetwork(now: now)
        guard hasLost, phase == .made else { return }
        writeSession("network_changed", "")
        beginAnew()
    }

    /// Makes all requests again that are under way, on other connections, and finds out anew what
    /// the network lets through.
    mutating func beginAnew() {
        quickest = .max
        for index in 0..<carriers.used {
            let slot = UInt32(truncatingIfNeeded: index)
            switch carriers[slot].state {
            case .free, .closing: break
            case .idle: close(slot)
            case .resolving, .connecting, .busy: fail(slot, .cut)
            }
        }
        meetNetwork()
    }

    /// The network may be another one: its name servers, and what it lets through, be it streaming
    /// answers or the field that names the session, are found out anew.
    mutating func meetNetwork() {
        names.meetNetwork(now: now)
        schedule.probe()
        hasBeenNamed = false
    }
}

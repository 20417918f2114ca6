internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel
internal import Proxy

/// Which requests are made, and when: as `ClientSchedule` decides, again after each failure.
extension ClientWorker where Queue: ~Copyable, Names: ~Copyable {
    /// Makes the requests that are due.
    mutating func request() {
        switch phase {
        case .making: makeIfDue()
        case .made:
            // Those of lanes come first: by them all that is open goes on.
            upload()
            download()
            openStreams()
        case .quitting:
            if let quitDeadline, quitDeadline <= now { leave() }
        case .over: break
        }
    }

    /// Writes the request for `target` into the block of the carrier in `slot`, followed by `body`
    /// where that is no part of a lane.
    private mutating func write(
        _ target: Target,
        _ errand: Errand,
        on slot: UInt32,
        bodyByteCount: Int? = nil,
        _ body: (inout ExtentSink) -> Void = { _ in }
    ) {
        carriers[slot].begin(errand, target.serial, now: now.nanoseconds)
        let natural = target.operation.method
        let isOverridden =
            natural == "PUT" ? overridesPut : natural == "DELETE" ? overridesDelete : false
        let method = isOverridden ? "POST" : natural
        carriers[slot].isOverridable = method == "PUT" || method == "DELETE"
        carriers[slot].namesByField = target.session == .field
        // POST always tells how long its body is.
        let count = method == "POST" ? bodyByteCount ?? 0 : bodyByteCount
        var sink = ExtentSink(requests[Int(slot)])
        fields.write(target, method: method, session: id, bodyByteCount: count, to: &sink)
        body(&sink)
        precondition(!sink.hasOverflowed, "a request is larger than its block")
        carriers[slot].headCount = sink.count
    }

    /// `target`, naming the session in the way that works.
    private func named(_ target: Target) -> Target {
        var target = target
        target.session = reference
        return target
    }

    // MARK: Making and leaving a session

    mutating func renewNonce() {
        nonce = SessionID(random(), random())
    }

    private mutating func makeIfDue() {
        if makes.hasExpired(now.nanoseconds) || startIsOver { failMake() }
        // It may have been between two attempts.
        if startIsOver { failStart(standing.fault ?? .noAnswer) }
        guard phase == .making, makes.isDue(now.nanoseconds), let slot = takeCarrier()
        else { return }
        if standing.began == nil { standing.began = now }
        let serial = schedule.nextSerial()
        let patience =
            standing.hasStarted ? ClientSchedule.patience : ClientConfiguration.startPatience
        makes.begin(serial, now.nanoseconds, patience: patience)
        var body: [UInt8] = []
        nonce.writeBytes(to: &body)
        settings.parameters.write(as: .client, to: &body)
        let version = UInt64(Preamble.version)
        let target = Target(.make(version: version), session: .none, serial: serial)
        write(target, .make, on: slot, bodyByteCount: body.count) { sink in
            for byte in body { sink.append(byte) }
        }
        dispatchRequest(slot)
    }

    /// Nothing has come of the `make` under way, if there is one.
    private mutating func failMake() {
        for index in 0..<carriers.used {
            let slot = UInt32(truncatingIfNeeded: index)
            guard carriers[slot].errand == .make else { continue }
            switch carriers[slot].state {
            case .resolving: fail(slot, .nameServers)
            case .connecting: fail(slot, .connectTimeout)
            case .free, .idle, .busy, .closing: fail(slot, .noAnswer)
            }
        }
    }

    /// Tells the server that the session is over.
    mutating func quit() {
        // Nobody waits for a stream any more.
        for index in 0..<carriers.used {
            let slot = UInt32(truncatingIfNeeded: index)
            if carriers[slot].errand == .open { close(slot) }
        }
        guard let slot = takeCarrier() else { return }
        phase = .quitting
        // However often it is asked for.
        quitDeadline = quitDeadline ?? now + ClientConfiguration.quitTimeout
        let target = Target(.quit, session: reference, serial: schedule.nextSerial())
        write(target, .quit, on: slot)
        dispatchRequest(slot)
    }

    /// There is no session, and none is wanted any more.
    mutating func giveUp() { leave() }

    /// Nothing more is asked for: what is left of programs and carriers ends.
    mutating func leave() {
        phase = .over
        quitDeadline = nil
        openings.removeAll(keepingCapacity: true)
        for index in 0..<locals.used {
            let slot = UInt32(truncatingIfNeeded: index)
            if locals[slot].state != .free { stopLocal(slot) }
        }
        closeCarriers()
    }

    mutating func closeCarriers() {
        for index in 0..<carriers.used { close(UInt32(truncatingIfNeeded: index)) }
    }

    // MARK: Streams

    /// Asks for the streams of programs that have none yet.
    private mutating func openStreams() {
        guard !openings.isEmpty else { return }
        var index = 0
        var underWay = openingCount
        while index < openings.count {
            let slot = openings[index]
            guard openIfDue(slot, &underWay) else {
                openings.remove(at: index)
                continue
            }
            index += 1
        }
    }

    /// Carriers that ask for streams: also for those that frames have shown to be open by now.
    private var openingCount: Int {
        var count = 0
        for index in 0..<carriers.used
        where carriers[UInt32(truncatingIfNeeded: index)].errand == .open { count += 1 }
        return count
    }

    /// Asks for the stream of the program in `slot` if that is due; whether it still waits.
    private mutating func openIfDue(_ slot: UInt32, _ underWay: inout Int) -> Bool {
        guard locals[slot].state == .opening else { return false }
        if locals[slot].stream == nil {
            guard !session.isDraining else {
                refuse(slot, Fault.draining)
                return false
            }
            guard let number = session.beginOpening() else {
                refuse(slot, .tunnelLimit)
                return false
            }
            locals[slot].stream = number
            streamLocals[number.slot] = slot
        }
        if locals[slot].attempts.hasExpired(now.nanoseconds) {
            abandonOpening(of: slot)
            let chance = schedule.nextChance()
            locals[slot].attempts.fail(now.nanoseconds, broughtBytes: false, chance: chance)
        }
        guard underWay < ClientConfiguration.openingsMax,
            locals[slot].attempts.isDue(now.nanoseconds),
            let number = locals[slot].stream, let authority = locals[slot].authority,
            let carrier = takeCarrier()
        else { return true }
        underWay += 1
        let serial = schedule.nextSerial()
        let patience = ClientSchedule.patience
        locals[slot].attempts.begin(serial, now.nanoseconds, patience: patience)
        let target = named(Target(.open(number), session: .field, serial: serial))
        var counter = ByteCounter()
        authority.write(to: &counter)
        write(target, .open, on: carrier, bodyByteCount: counter.count) {
            authority.write(to: &$0)
        }
        carriers[carrier].local = slot
        carriers[carrier].localGeneration = locals[slot].generation
        dispatchRequest(carrier)
        return locals[slot].state == .opening
    }

    /// The answer to the request for the stream of the program in `slot`, if there is one under
    /// way, is not waited for any longer.
    mutating func abandonOpening(of slot: UInt32) {
        guard let serial = locals[slot].attempts.serial else { return }
        for index in 0..<carriers.used {
            let carrier = UInt32(truncatingIfNeeded: index)
            guard carriers[carrier].errand == .open, carriers[carrier].serial == serial
            else { continue }
            close(carrier)
        }
    }

    // MARK: Lanes

    private mutating func upload() {
        let lanes = session.outlets.count
        let first = gathering?.lane ?? 0
        for turn in 0..<lanes {
            let lane = (first + turn) % lanes
            guard schedule.mayUpload(lane, now.nanoseconds) else { continue }
            guard hasCarrier else { return }
            let bodyMax = min(schedule.bodyMax(lane), session.outlets[lane].capacity)
            let before = session.outlets[lane].keptByteCount
            let isUrgent = fill(lane, limit: bodyMax)
            let count = min(session.outlets[lane].keptByteCount, bodyMax)
            guard count > 0 else { continue }
            if !isUrgent, gathers(lane, count, wasEmpty: before == 0) { continue }
            guard let slot = takeCarrier() else { continue }
            if gathering?.lane == lane { gathering = nil }
            let target = named(schedule.beginUpload(lane, now.nanoseconds, session))
            write(target, .send, on: slot, bodyByteCount: count)
            carriers[slot].lane = lane
            carriers[slot].bodyNext = session.outlets[lane].acknowledged
            carriers[slot].bodyEnd = carriers[slot].bodyNext + UInt64(count)
            joinSmallBody(slot)
            dispatchRequest(slot)
        }
    }

    /// Whether `lane`, which holds `count` bytes to be sent, waits for more.
    ///
    /// A request costs those on the way as much as many bytes do. So while one is under way, what
    /// comes from programs that have more at once is gathered on one lane for the next.
    private mutating func gathers(_ lane: Int, _ count: Int, wasEmpty: Bool) -> Bool {
        guard schedule.isUploading, count < ClientConfiguration.gatherMax else { return false }
        if let gathering { return gathering.lane == lane && now < gathering.until }
        guard wasEmpty else { return false }
        gathering = (lane, now + ClientConfiguration.gatherTime)
        return true
    }

    /// Puts a small body right behind its head, so that both go in one packet.
    private mutating func joinSmallBody(_ slot: UInt32) {
        let carrier = carriers[slot]
        var head = carrier.headCount
        guard Int(carrier.bodyEnd - carrier.bodyNext) <= requests.blockSize - head else { return }
        while carriers[slot].bodyNext < carrier.bodyEnd {
            let next = carriers[slot].bodyNext
            let piece = session.outlets[carrier.lane].piece(
                from: next,
                countMax: Int(carrier.bodyEnd - next)
            )
            let room = requests[Int(slot)].part(head..<(head + piece.count))
            lanes[carrier.lane].part(piece).copy(to: room)
            head += piece.count
            carriers[slot].bodyNext += UInt64(piece.count)
        }
        carriers[slot].headCount = head
    }

    /// Puts frames on `lane`, `limit` bytes of them at most; whether one of them is to be sent
    /// without waiting for more.
    private mutating func fill(_ lane: Int, limit: Int) -> Bool {
        var count = session.outlets[lane].keptByteCount
        var isUrgent = false
        while count < limit {
            let start = session.outlets[lane].end
            guard let frame = session.nextFrame(lane, limit: limit - count) else { break }
            if !write(frame, lane, start) { isUrgent = true }
            count += Frame.headerByteCount + frame.count
        }
        return isUrgent
    }

    /// Writes a frame, with the bytes of its program, into the ring of `lane`; whether more of the
    /// same kind follows at once.
    private mutating func write(_ frame: Frame, _ lane: Int, _ start: UInt64) -> Bool {
        let ring = lanes[lane]
        let header = frame.encoded
        for index in header.indices {
            let place = session.outlets[lane].ringPiece(from: start + UInt64(index), countMax: 1)
            ring[place.lowerBound] = header[index]
        }
        guard let number = StreamNumber(rawValue: frame.stream) else { return false }
        let slot = streamLocals[number.slot]
        guard slot != .max, locals[slot].stream == number else { return false }
        look(at: slot)
        guard frame.kind == .data else { return false }
        let source = outgoing[Int(slot)]
        var next = start + UInt64(Frame.headerByteCount)
        var left = frame.count
        while left > 0 {
            let place = session.outlets[lane].ringPiece(from: next, countMax: left)
            let from = locals[slot].start
            source.part(from..<(from + place.count)).copy(to: ring.part(place))
            locals[slot].start += place.count
            next += UInt64(place.count)
            left -= place.count
        }
        locals[slot].bytesOut += UInt64(frame.count)
        return locals[slot].sourceHasMore
    }

    private mutating func download() {
        let mode = schedule.polling.mode
        session.tellsKept = mode == .flow || mode == .probing
        session.askedLanes = schedule.polling.laneCount(session.terms.lanes)
        for lane in session.outlets.indices where schedule.mayDownload(lane, now.nanoseconds) {
            guard let slot = takeCarrier() else { return }
            let target = named(schedule.beginDownload(lane, now.nanoseconds, session))
            session.didAsk(lane)
            write(target, .fetch, on: slot)
            carriers[slot].lane = lane
            carriers[slot].offset = session.taken(lane)
            if case .flow(_, _, _, let size) = target.operation { carriers[slot].sizeMax = size }
            dispatchRequest(slot)
        }
    }
}

/// Counts what would be written.
struct ByteCounter: ByteSink {
    var count = 0

    mutating func append(_: UInt8) { count += 1 }
}

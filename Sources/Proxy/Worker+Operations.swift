internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel
internal import Resolver

/// What comes of requests of the tunnel without CONNECT, once they are whole.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    /// Does what the request asks for.
    mutating func perform(_ slot: UInt32) {
        if let outcome = carriers[slot].outcome {
            return answer(slot, outcome.result, value: outcome.value)
        }
        if case .make(let version) = carriers[slot].target.operation {
            return make(slot, version)
        }
        guard let index = liveSession(of: slot) else { return answer(slot, .noSession) }
        do throws(Violation) {
            try perform(slot, index)
        } catch {
            violate(slot, index)
            answer(slot, .violation)
        }
    }

    private mutating func perform(_ slot: UInt32, _ index: Int) throws(Violation) {
        let desk = UInt32(index)
        switch carriers[slot].target.operation {
        case .make: break
        case .open(let number): try open(slot, index, number)
        case .send(let lane, _):
            answer(slot, .done, value: services.sessions.desks[desk].session.taken(lane))
        case .poll(let lane, let offset, let wait, let size),
            .flow(let lane, let offset, let wait, let size):
            carriers[slot].position = offset
            let seconds = min(wait, UInt64(services.terms.method.parameters.waitMax))
            carriers[slot].waitEnd = services.now + seconds * 1_000_000_000
            let most = UInt64(services.terms.method.parameters.answerMax)
            carriers[slot].sizeLeft = Int(min(size, most))
            try poll(slot, index, lane)
        case .end(let number):
            try services.sessions.desks[desk].end(number)
            services.sessions.touch(index)
            answer(slot, .done)
        case .quit:
            endSession(index)
            answer(slot, .done)
        }
    }

    /// The client of the session at `index` has broken the format: the session ends.
    mutating func violate(_ slot: UInt32, _ index: Int) {
        carriers[slot].outcome = Carrier.Outcome(result: .violation)
        services.counters.violations.add()
        endSession(index)
    }

    // MARK: Making a session

    private mutating func make(_ slot: UInt32, _ version: UInt64) {
        let own = UInt64(Preamble.version)
        guard version == own else { return answer(slot, .version, value: own) }
        guard !services.isDraining else { return answer(slot, .draining) }
        let body = carrierMemory.body(slot).part(0..<carriers[slot].collected)
        let nonce = body.withBytes { SessionID(bytes: $0, at: 0) }
        let wishes = body.withBytes { Parameters(decoding: $0, from: SessionID.byteCount) }
        guard let nonce, let wishes else { return refuse(slot, .malformedTunnelRequest) }
        let home = Keyed.home(nonce, balance?.workerCount ?? 1)
        guard home == services.index else { return goHome(slot, home) }
        // One that was made before is counted already.
        let made = services.sessions.table.made(nonce: nonce, user: carriers[slot].user)
        switch made ?? makeNew(slot, nonce, wishes) {
        case .new(let index), .again(let index): answerMade(slot, index)
        case .gone: answer(slot, .gone)
        // Another worker may have room; or this one, later.
        case .full: answer(slot, .busy)
        case nil: answer(slot, .limit)
        }
    }

    /// Makes a session; nil if whoever asks has as many as it may.
    private mutating func makeNew(
        _ slot: UInt32,
        _ nonce: SessionID,
        _ wishes: Parameters
    ) -> SessionTable.Making? {
        let quota = quota(slot)
        guard services.admission.admitSession(quota) else { return nil }
        let making = services.sessions.table.make(
            nonce: nonce,
            user: carriers[slot].user,
            id: newSessionID(),
            now: services.now.nanoseconds
        )
        if case .new(let index) = making {
            begin(index, slot, wishes, quota)
        } else {
            services.admission.releaseSession(quota)
        }
        return making
    }

    /// An id of the system's random bits, by which every worker knows that the session is here.
    private func newSessionID() -> SessionID {
        let count = balance?.workerCount ?? 1
        while true {
            let high = UInt64.random(in: .min ... .max)
            let low = UInt64.random(in: .min ... .max)
            let id = SessionID(high, low &- low % UInt64(count) &+ UInt64(services.index))
            // The last of all classes may be short.
            if id.home(of: count) == services.index { return id }
        }
    }

    /// By what the sessions of whoever asks are counted.
    private mutating func quota(_ slot: UInt32) -> UInt64 {
        if services.gate != nil { return carriers[slot].user }
        guard let address = services.queue.peer(of: carriers[slot].descriptor)?.address
        else { return 0 }
        return address.family == .v4 ? address.low : address.high
    }

    private mutating func begin(
        _ index: Int,
        _ slot: UInt32,
        _ wishes: Parameters,
        _ quota: UInt64
    ) {
        let method = services.terms.method
        let name = carrierMemory.user(slot)
        let count = services.gate == nil ? 0 : Int(name[0])
        services.sessions.desks[UInt32(index)].begin(
            Parameters.terms(.server, client: wishes, server: method.parameters),
            blocks: method.blocksPerSession,
            user: (0..<count).map { name[1 + $0] },
            quota: quota
        )
        watchSession(index)
    }

    private mutating func answerMade(_ slot: UInt32, _ index: Int) {
        guard let id = services.sessions.table.id(index) else { return }
        var parameters = services.terms.method.parameters
        let terms = services.sessions.desks[UInt32(index)].session.terms
        parameters.lanes = UInt32(terms.lanes)
        var bytes: [UInt8] = []
        id.writeBytes(to: &bytes)
        parameters.write(as: .server, to: &bytes)
        answer(slot, .done, rest: bytes)
    }

    // MARK: Opening a stream

    private mutating func open(
        _ slot: UInt32,
        _ index: Int,
        _ number: StreamNumber
    ) throws(Violation) {
        let body = carrierMemory.body(slot).part(0..<carriers[slot].collected)
        let fingerprint = body.withBytes { Keyed.number($0) }
        let desk = UInt32(index)
        switch try services.sessions.desks[desk].open(number, fingerprint) {
        case .new:
            let authority = body.withBytes { span in
                span.isEmpty ? nil : Authority(parsing: span, in: 0..<span.count)
            }
            seat(slot, index, number.slot)
            start(slot, index, number.slot, authority)
        case .waits:
            let other = services.sessions.desks[desk].seats[number.slot].opener
            seat(slot, index, number.slot)
            if let other { answer(other, .busy) }
        case .opened: answer(slot, .done)
        case .refused(let refusal): answer(slot, refusal: refusal)
        case .gone: answer(slot, .gone)
        case .busy: answer(slot, .busy)
        case .draining: answer(slot, .draining)
        }
    }

    /// The request waits for the decision on the stream.
    private mutating func seat(_ slot: UInt32, _ index: Int, _ stream: Int) {
        services.sessions.desks[UInt32(index)].seat(stream, opener: slot)
        carriers[slot].state = .waiting
        carrierDeadlines.clear(slot)
    }

    /// Has a tunnel decide on the stream, and dial.
    private mutating func start(
        _ slot: UInt32,
        _ index: Int,
        _ stream: Int,
        _ authority: Authority?
    ) {
        services.sessions.touch(index)
        let user = services.sessions.desks[UInt32(index)].user
        guard let tunnel = takeTunnel() else {
            services.counters.shed.add()
            return services.sessions.desks[UInt32(index)].refuse(stream, .outOfDescriptors)
        }
        services.sessions.join(tunnel, index, stream)
        let client = carriers[slot].client
        tunnels[tunnel].beginStream(authority, number: number, client: client, &services)
        if !user.isEmpty { services.note(user: user, for: tunnel) }
        if admitStream(tunnel) {
            if let authority {
                services.note(authority, for: tunnel)
                tunnels[tunnel].decide(authority, &services)
            } else {
                tunnels[tunnel].refuse(.malformedAuthority, &services)
            }
        }
        releaseIfFree(tunnel)
    }

    // MARK: Asking for bytes

    private mutating func poll(
        _ slot: UInt32,
        _ index: Int,
        _ lane: Int
    ) throws(Violation) {
        let desk = UInt32(index)
        let serial = carriers[slot].target.serial
        let offset = carriers[slot].position
        let start = try services.sessions.desks[desk].begin(lane, from: offset, serial: serial)
        switch start {
        case .stale(let value): return answer(slot, .stale, value: value)
        case .replay(let endsOther):
            if endsOther { endOther(index, lane) }
            services.sessions.touch(index)
            answerLane(slot, index, lane)
        case .fresh(let endsOther):
            if endsOther { endOther(index, lane) }
            services.sessions.desks[desk].served[lane] = slot
            services.sessions.touch(index)
            guard carriers[slot].isFlow else {
                carriers[slot].state = .waiting
                return setWaitDeadline(slot)
            }
            beginFlow(slot)
        }
    }

    /// Another request takes over the lane from the one that had it.
    private mutating func endOther(_ index: Int, _ lane: Int) {
        guard let other = services.sessions.desks[UInt32(index)].served[lane] else { return }
        services.sessions.desks[UInt32(index)].served[lane] = nil
        if carriers[other].isFlow {
            endFlow(other)
        } else {
            answer(other, .done, value: carriers[other].position)
        }
    }
}

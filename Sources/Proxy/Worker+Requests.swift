internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel
internal import Resolver

/// Requests of the tunnel without CONNECT: whose they are, what they ask for, and their bodies.
/// What comes of them stands in `Worker+Operations.swift`.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    /// Reads on in what has come of a request.
    mutating func advance(_ slot: UInt32) {
        switch carriers[slot].state {
        case .readingHead: readRequestHead(slot)
        case .readingBody: readRequestBody(slot)
        case .free, .identifying, .waiting, .answering, .flowing, .lingering, .closing: break
        }
    }

    // MARK: The head

    private mutating func readRequestHead(_ slot: UInt32) {
        let bytes = carrierMemory.input(slot).part(0..<carriers[slot].received)
        let limits = services.terms.head
        switch bytes.withBytes({ carriers[slot].parser.parse($0, limits: limits) }) {
        case .incomplete: receiveRequest(slot)
        case .refused(let refusal): refuse(slot, refusal)
        case .complete(let head):
            carriers[slot].head = head
            carriers[slot].consumed = head.byteCount
            carriers[slot].persists = head.persists
            guard bytes.withBytes({ services.terms.method.target($0, head.path) }) != nil else {
                return refuse(slot, .methodNotAllowed, isOrigin: false)
            }
            identify(slot, head)
        }
    }

    // MARK: Who asks

    private mutating func identify(_ slot: UInt32, _ head: RequestHead) {
        guard let gate = services.gate else { return route(slot, head) }
        defer { services.presented[0].clear() }
        guard let credentials = credentials(slot, head) else {
            return refuse(slot, .credentialsMissing)
        }
        let tag = gate.tag(credentials)
        if gate.confirms(services.known[tag.place], tag, services.now) {
            return admit(slot, head, credentials)
        }
        let client = carriers[slot].client?.address ?? Address(v4: 0)
        let generation = carriers[slot].generation
        let asker = Gate.Asker(
            worker: services.index,
            isCarrier: true,
            slot: slot,
            generation: generation
        )
        guard let finding = gate.ask(credentials, tag, client, asker, services.now) else {
            carriers[slot].state = .identifying
            let timeout = services.terms.configuration.headTimeout
            return carrierDeadlines.set(slot, at: services.now + timeout)
        }
        follow(finding, slot, head, credentials)
    }

    /// The gate has found out who asks by a carrier, which may have ended meanwhile.
    mutating func hearForCarrier(_ answer: Gate.Answer) {
        let slot = answer.asker.slot
        guard carriers[slot].generation == answer.asker.generation,
            carriers[slot].state == .identifying
        else { return }
        didIdentify(slot, answer.finding)
        freeIfClosed(slot)
    }

    private mutating func didIdentify(_ slot: UInt32, _ finding: Gate.Finding) {
        guard let head = carriers[slot].head else {
            preconditionFailure("a head that was whole isn't any more")
        }
        if case .good(let known) = finding, services.gate?.isCurrent(known) != true {
            // The users are others by now.
            return identify(slot, head)
        }
        defer { services.presented[0].clear() }
        guard let credentials = credentials(slot, head) else {
            preconditionFailure("credentials that were there aren't any more")
        }
        follow(finding, slot, head, credentials)
    }

    private mutating func follow(
        _ finding: Gate.Finding,
        _ slot: UInt32,
        _ head: RequestHead,
        _ credentials: Presented
    ) {
        switch finding {
        case .good(let known):
            services.known[known.tag.place] = known
            admit(slot, head, credentials)
        case .refused(let refusal): refuse(slot, refusal)
        }
    }

    private func credentials(_ slot: UInt32, _ head: RequestHead) -> Presented? {
        guard let range = head.authorization else { return nil }
        let text = services.presented[0]
        var sink = ExtentSink(text)
        let form = carrierMemory.input(slot).part(0..<head.byteCount).withBytes {
            BasicCredentials(parsing: $0, in: range, into: &sink)
        }
        return form.map { Presented(text: text, form: $0) }
    }

    private mutating func admit(_ slot: UInt32, _ head: RequestHead, _ credentials: Presented) {
        let user = carrierMemory.user(slot)
        // No name of a user is longer: that would not fit into the journal's texts.
        let name = credentials.user.part(0..<min(credentials.user.count, user.count - 1))
        user[0] = UInt8(name.count)
        name.copy(to: user.part(1..<1 + name.count))
        carriers[slot].user = name.withBytes { Keyed.number($0) }
        route(slot, head)
    }

    // MARK: What is asked for

    private mutating func route(_ slot: UInt32, _ head: RequestHead) {
        let bytes = carrierMemory.input(slot).part(0..<head.byteCount)
        let method = services.terms.method
        let target = bytes.withBytes { span in
            method.target(span, head.path).flatMap { Target(parsing: span, in: $0) }
        }
        guard let target else { return refuse(slot, .malformedTunnelRequest) }
        carriers[slot].target = target
        guard head.method == .post || head.method.text == target.operation.method else {
            return refuse(slot, .wrongTunnelMethod)
        }
        let named = head.session.map { range in
            bytes.withBytes { SessionID(parsing: $0, in: range) }
        }
        let id: SessionID?
        switch target.session {
        case .none: id = nil
        case .field:
            guard let field = named, let field else {
                return refuse(slot, .malformedTunnelRequest)
            }
            id = field
        case .path(let path):
            guard named == nil else { return refuse(slot, .malformedTunnelRequest) }
            id = path
        }
        if let id, home(of: id) != services.index { return goHome(slot, home(of: id)) }
        begin(slot, head, target.operation, id)
    }

    /// The request is of a session of worker `target`.
    mutating func goHome(_ slot: UInt32, _ target: Int) {
        guard !pass(slot, to: target) else { return }
        // What has been read is of no use.
        carriers[slot].persists = false
        if balance?.hasLeft(target) == true {
            answer(slot, .noSession)
        } else {
            // Its channel is full: the client asks again.
            answer(slot, .busy)
        }
    }

    /// Begins the operation: what can be said before its body has come.
    private mutating func begin(
        _ slot: UInt32,
        _ head: RequestHead,
        _ operation: TunnelOperation,
        _ id: SessionID?
    ) {
        do throws(Refusal) {
            let limit = services.terms.method.bodyLimit(operation)
            carriers[slot].body = try BodyReader(head.body, limit: limit)
        } catch {
            return refuse(slot, error)
        }
        if let id {
            let now = services.now.nanoseconds
            let user = carriers[slot].user
            if let index = services.sessions.table.find(id, user: user, now: now) {
                carriers[slot].session = index
                carriers[slot].life = services.sessions.desks[UInt32(index)].life
            } else {
                carriers[slot].outcome = Carrier.Outcome(result: .noSession)
            }
        }
        if case .send(let lane, let offset) = operation { beginSend(slot, lane, offset) }
        carriers[slot].state = .readingBody
        let timeout = services.terms.method.bodyTimeout
        carrierDeadlines.set(slot, at: services.now + timeout)
        let awaits = head.expectsContinue && carriers[slot].received == carriers[slot].consumed
        if awaits, head.body != .length(0) {
            _ = services.queue.sendNow(carriers[slot].descriptor, from: services.answers.goOn)
        }
        readRequestBody(slot)
    }

    /// The session of the carrier's request, if that has not ended since it was found.
    func liveSession(of slot: UInt32) -> Int? {
        guard let index = carriers[slot].session,
            services.sessions.desks[UInt32(index)].isLive,
            services.sessions.desks[UInt32(index)].life == carriers[slot].life
        else { return nil }
        return index
    }

    private mutating func beginSend(_ slot: UInt32, _ lane: Int, _ offset: UInt64) {
        carriers[slot].position = offset
        guard let index = liveSession(of: slot) else { return }
        guard lane < services.sessions.desks[UInt32(index)].session.terms.lanes else {
            return violate(slot, index)
        }
        let taken = services.sessions.desks[UInt32(index)].session.taken(lane)
        if offset > taken { carriers[slot].outcome = Carrier.Outcome(result: .gap, value: taken) }
    }

    // MARK: The body

    private mutating func readRequestBody(_ slot: UInt32) {
        let bytes = carrierMemory.input(slot).part(0..<carriers[slot].received)
        while carriers[slot].state == .readingBody {
            var index = carriers[slot].consumed
            let piece: BodyReader.Piece?
            do throws(Refusal) {
                piece = try bytes.withBytes { span throws(Refusal) in
                    try carriers[slot].body?.next(span, &index)
                }
            } catch {
                return refuse(slot, error)
            }
            carriers[slot].consumed = index
            switch piece {
            case .content(let range): takeContent(slot, bytes.part(range))
            case .end, nil: return perform(slot)
            case .some(.none): return receiveBody(slot)
            }
        }
    }

    /// Receives more of the body; what has been read makes room for it.
    ///
    /// All of a request for a session is kept, as it may have to be passed on.
    private mutating func receiveBody(_ slot: UInt32) {
        if case .make = carriers[slot].target.operation {
            guard carriers[slot].received < carrierMemory.inputMax else {
                return refuse(slot, .bodyTooLarge)
            }
            return receiveRequest(slot)
        }
        if services.gate != nil {
            carrierMemory.input(slot).part(0..<carriers[slot].received).clear()
        }
        carriers[slot].received = 0
        carriers[slot].consumed = 0
        receiveRequest(slot)
    }

    private mutating func takeContent(_ slot: UInt32, _ content: Extent) {
        switch carriers[slot].target.operation {
        case .send(let lane, _): takeLaneBytes(slot, lane, content)
        case .make, .open:
            let start = carriers[slot].collected
            let block = carrierMemory.body(slot)
            content.copy(to: block.part(start..<(start + content.count)))
            carriers[slot].collected += content.count
        case .poll, .flow, .end, .quit: break
        }
    }

    /// Bytes of an up lane have come: those that aren't known yet are taken.
    private mutating func takeLaneBytes(_ slot: UInt32, _ lane: Int, _ content: Extent) {
        let position = carriers[slot].position
        carriers[slot].position += UInt64(content.count)
        guard carriers[slot].outcome == nil, let index = liveSession(of: slot) else { return }
        services.sessions.table.didHear(index, now: services.now.nanoseconds)
        let desk = UInt32(index)
        let taken = services.sessions.desks[desk].session.taken(lane)
        // Once there was no room, what follows comes too early.
        guard position <= taken, taken - position < UInt64(content.count) else { return }
        let fresh = content.part(Int(taken - position)..<content.count)
        services.sessions.touch(index)
        do throws(Violation) {
            let memory = services.sessions.memory(index)
            _ = try services.sessions.desks[desk].take(lane, fresh, memory)
        } catch {
            violate(slot, index)
        }
    }
}

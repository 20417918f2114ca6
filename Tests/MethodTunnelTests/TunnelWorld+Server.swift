import Connect
import MethodTunnel

// MARK: The server

extension TunnelWorld {
    /// A copy of a request arrives.
    func arrive(_ exchange: Exchange) throws {
        switch exchange.target.operation {
        case .open(let number): try open(exchange, number, Int(exchange.body[0]))
        case .send(let lane, let offset):
            guard offset <= server.session.taken(lane) else { throw Failure("a gap") }
            exchange.position = offset
            deliverBody(exchange)
        case .poll(let lane, let offset, let wait, let size):
            exchange.sizeLeft = Int(size)
            try startPoll(exchange, lane, offset, wait, isFlow: false)
        case .flow(let lane, let offset, let wait, let size):
            exchange.sizeLeft = Int(size)
            try startPoll(exchange, lane, offset, wait, isFlow: true)
        case .make, .end, .quit: throw Failure("unexpected: \(exchange.target)")
        }
        try kickServer()
    }

    private func open(_ exchange: Exchange, _ number: StreamNumber, _ index: Int) throws {
        switch try server.session.open(number, fingerprint: UInt64(index)) {
        case .new:
            openers[number.slot] = exchange
            agenda.add(.dialled(index), at: now + delay())
        case .waits:
            if let other = openers[number.slot] { answer(other, .busy) }
            openers[number.slot] = exchange
        case .opened: answer(exchange, .done)
        case .refused(let refusal): answer(exchange, .refused, refusedStatus: refusal.status)
        case .gone: answer(exchange, .gone)
        case .busy: answer(exchange, .busy)
        case .draining: answer(exchange, .draining)
        }
    }

    private func answer(
        _ exchange: Exchange,
        _ result: AnswerResult,
        value: UInt64 = 0,
        refusedStatus: UInt16 = 0,
        isLast: Bool = true
    ) {
        let preamble = Preamble(
            result,
            serial: exchange.target.serial,
            value: value,
            refusedStatus: refusedStatus
        )
        var bytes: [UInt8] = []
        preamble.write(to: &bytes)
        respond(exchange, bytes, isLast: isLast)
    }

    /// The target has answered, or refused.
    func dialled(_ index: Int) throws {
        guard let number = plans[index].number else { return }
        let slot = number.slot
        let stream = server.session[slot]
        guard stream.generation == number.generation, stream.phase == .opening else { return }
        let opener = openers.removeValue(forKey: slot)
        if let refusal = plans[index].refusal {
            _ = server.session.refuse(slot, refusal)
            if let opener { answer(opener, .refused, refusedStatus: refusal.status) }
            return
        }
        _ = server.session.didConnect(slot)
        try server.checkLast(slot)
        server.programs[slot] = Program(
            writesKey: UInt64(index) * 2 + 1,
            readsKey: UInt64(index) * 2,
            writeTotal: plans[index].down,
            readTotal: plans[index].up,
            resetsAfter: plans[index].serverResetsAfter,
            mayBeReset: plans[index].isReset
        )
        agenda.add(.advanceServer(number), at: now + 1)
        if let opener { answer(opener, .done) }
    }

    // MARK: Up lanes

    /// The body of a `send` comes in parts; the network may cut it.
    private func deliverBody(_ exchange: Exchange) {
        let isCut = dice.chance(network.cut)
        let end = isCut ? dice.below(exchange.body.count + 1) : exchange.body.count
        var start = 0
        var time = now
        while start < end {
            let count = min(end - start, dice.chance(500) ? end : dice.within(1...2000))
            let isLast = start + count == end
            agenda.add(
                .body(exchange, start..<(start + count), isWhole: isLast && !isCut),
                at: time
            )
            start += count
            time += delay()
        }
        if isCut { agenda.add(.failed(exchange.target.serial), at: time + delay()) }
    }

    func receive(_ exchange: Exchange, _ range: Range<Int>, isWhole: Bool) throws {
        guard case .send(let lane, _) = exchange.target.operation else { return }
        let taken = server.session.taken(lane)
        guard exchange.position <= taken else { throw Failure("a body runs ahead") }
        let known = canary == .takesTwice ? 0 : Int(taken - exchange.position)
        if known < range.count {
            _ = try server.take(lane, Array(exchange.body[range]), from: known)
        }
        exchange.position += UInt64(range.count)
        if isWhole { answer(exchange, .done, value: server.session.taken(lane)) }
        try kickServer()
    }

    // MARK: Down lanes

    private func startPoll(
        _ exchange: Exchange,
        _ lane: Int,
        _ offset: UInt64,
        _ wait: UInt64,
        isFlow: Bool
    ) throws {
        let serial = exchange.target.serial
        let start = try desk.begin(lane, from: offset, serial: serial, of: &server.session)
        switch start {
        case .stale(let value):
            answer(exchange, .stale, value: value)
            return
        case .fresh(let endsOther), .replay(let endsOther):
            if endsOther, let other = parked[lane] {
                parked[lane] = nil
                if case .flow = other.target.operation {
                    respond(other, [], isLast: true)
                } else if case .poll(_, let offset, _, _) = other.target.operation {
                    answer(other, .done, value: offset)
                }
            }
        }
        if case .replay = start {
            answer(exchange, .done, value: offset, isLast: false)
            let kept = server.bytes(lane, from: offset, countMax: exchange.sizeLeft)
            respond(exchange, kept, isLast: true)
            return
        }
        exchange.position = canary == .forgetsKept ? server.session.outlets[lane].end : offset
        parked[lane] = exchange
        if isFlow { answer(exchange, .done, value: offset, isLast: false) }
        try serve(lane, mayWait: isFlow || wait > 0)
        guard parked[lane] === exchange else { return }
        agenda.add(.serverDeadline(exchange), at: now + wait * Self.second)
    }

    /// Gives the request that waits for `lane` what there is.
    private func serve(_ lane: Int, mayWait: Bool = true) throws {
        guard let exchange = parked[lane] else { return }
        let outlet = server.session.outlets[lane]
        let kept = Int(outlet.end - exchange.position)
        if kept < exchange.sizeLeft { server.fill(lane, limit: exchange.sizeLeft - kept) }
        let bytes = server.bytes(lane, from: exchange.position, countMax: exchange.sizeLeft)
        exchange.position += UInt64(bytes.count)
        exchange.sizeLeft -= bytes.count
        switch exchange.target.operation {
        case .flow:
            let isLast = exchange.sizeLeft < Session.roomMin
            if !bytes.isEmpty || isLast { respond(exchange, bytes, isLast: isLast) }
            if isLast { leave(lane) }
        case .poll(_, let offset, _, _):
            guard !bytes.isEmpty || !mayWait else { return }
            leave(lane)
            answer(exchange, .done, value: offset, isLast: false)
            respond(exchange, bytes, isLast: true)
        default: break
        }
    }

    private func leave(_ lane: Int) {
        parked[lane] = nil
        desk.end(lane)
    }

    func deadline(_ exchange: Exchange) throws {
        guard let lane = parked.firstIndex(where: { $0 === exchange }) else { return }
        leave(lane)
        if case .poll(_, let offset, _, _) = exchange.target.operation {
            answer(exchange, .done, value: offset)
        } else {
            respond(exchange, [], isLast: true)
        }
    }

    /// Does all that can be done now.
    func kickServer() throws {
        try attendTouched(server)
        for lane in parked.indices { try serve(lane) }
    }
}

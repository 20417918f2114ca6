import Connect
import MethodTunnel

/// What the client waits for.
struct Pending {
    enum Kind {
        case open(Int)
        case send(lane: Int)
        case down(lane: Int, offset: UInt64)
    }

    let kind: Kind
    let time: UInt64
    /// The answer until its preamble is whole.
    var head: [UInt8] = []
    var preamble: Preamble?
    var preambleTime: UInt64 = 0
    var byteCount = 0
    /// Nothing more of it is taken: there was no room.
    var isBlocked = false

    init(_ kind: Kind, _ time: UInt64) {
        self.kind = kind
        self.time = time
    }
}

// MARK: The client

extension TunnelWorld {
    /// Does all that can be done now.
    func kickClient() throws {
        schedule.expire(now)
        try attendTouched(client)
        try openStreams()
        client.session.tellsKept = schedule.polling.mode == .flow
        client.session.askedLanes = schedule.polling.laneCount(client.session.terms.lanes)
        for lane in client.session.outlets.indices where schedule.mayUpload(lane, now) {
            let bodyMax = schedule.bodyMax(lane)
            client.fill(lane, limit: bodyMax)
            let outlet = client.session.outlets[lane]
            guard outlet.keptByteCount > 0 else { continue }
            let target = schedule.beginUpload(lane, now, client.session)
            pending[target.serial] = Pending(.send(lane: lane), now)
            let from = outlet.acknowledged
            issue(target, client.bytes(lane, from: from, countMax: bodyMax))
        }
        for lane in client.session.outlets.indices where schedule.mayDownload(lane, now) {
            let target = schedule.beginDownload(lane, now, client.session)
            client.session.didAsk(lane)
            let offset = client.session.taken(lane)
            pending[target.serial] = Pending(.down(lane: lane, offset: offset), now)
            issue(target, [])
        }
        wakeLater()
    }

    private func wakeLater() {
        var time = schedule.wakeTime(now)
        for plan in plans where plan.state == .opening {
            if let next = plan.attempts.nextTime(now) { time = min(time, next) }
        }
        guard time < nextWake else { return }
        nextWake = time
        agenda.add(.wakeClient, at: time)
    }

    /// Lets the programs of slots go on in which something has happened.
    func attendTouched(_ end: End) throws {
        while let slot = end.session.nextTouched() { try end.attend(slot) }
    }

    private func openStreams() throws {
        for index in plans.indices {
            if plans[index].state == .waiting, now >= plans[index].startTime {
                try begin(index)
            }
            guard let number = plans[index].number else { continue }
            let stream = client.session[number.slot]
            let isCurrent = stream.generation == number.generation && stream.phase != .free
            switch plans[index].state {
            case .waiting, .finished: break
            case .opening:
                if plans[index].attempts.hasExpired(now) {
                    let chance = schedule.nextChance()
                    plans[index].attempts.fail(now, broughtBytes: false, chance: chance)
                }
                if !isCurrent || stream.phase != .opening {
                    plans[index].state = .open
                } else if plans[index].attempts.isDue(now) {
                    let serial = schedule.nextSerial()
                    plans[index].attempts.begin(serial, now, patience: ClientSchedule.patience)
                    pending[serial] = Pending(.open(index), now)
                    issue(Target(.open(number), session: .field, serial: serial), [UInt8(index)])
                }
            case .open: break
            }
            if plans[index].state == .open, !isCurrent { finish(index) }
        }
    }

    private func begin(_ index: Int) throws {
        guard let number = client.session.beginOpening() else { return }
        try client.checkLast(number.slot)
        plans[index].number = number
        plans[index].state = .opening
        client.programs[number.slot] = Program(
            writesKey: UInt64(index) * 2,
            readsKey: UInt64(index) * 2 + 1,
            writeTotal: plans[index].up,
            readTotal: plans[index].down,
            resetsAfter: plans[index].clientResetsAfter,
            mayBeReset: plans[index].isReset
        )
        agenda.add(.advanceClient(number), at: now + 1)
    }

    private func finish(_ index: Int) {
        plans[index].state = .finished
        openPlans -= 1
    }

    // MARK: Answers

    func answered(_ serial: UInt64, _ bytes: [UInt8]) throws {
        guard var answer = pending[serial] else { return }
        var start = 0
        if answer.preamble == nil {
            while answer.head.count < Preamble.byteCount, start < bytes.count {
                answer.head.append(bytes[start])
                start += 1
            }
            answer.preamble = Preamble(decoding: answer.head.span)
            answer.preambleTime = now
        }
        if let preamble = answer.preamble {
            guard preamble.serial == serial else { throw Failure("a serial is not echoed") }
            try takeBytes(bytes, start, &answer, preamble)
        }
        pending[serial] = answer
        try kickClient()
    }

    private func takeBytes(
        _ bytes: [UInt8],
        _ start: Int,
        _ answer: inout Pending,
        _ preamble: Preamble
    ) throws {
        guard case .down(let lane, let offset) = answer.kind, !answer.isBlocked,
            schedule.isUnderWay(preamble.serial), start < bytes.count
        else { return }
        guard preamble.result == .done, preamble.value == offset,
            client.session.taken(lane) == offset + UInt64(answer.byteCount)
        else { throw Failure("an answer of \(preamble) to a request from \(offset) on") }
        answer.byteCount += bytes.count - start
        answer.isBlocked = try !client.take(lane, bytes, from: start)
        schedule.didHear(now)
        schedule.downloadMoved(lane, serial: preamble.serial, now)
    }

    func answerEnded(_ serial: UInt64) throws {
        guard let answer = pending.removeValue(forKey: serial) else { return }
        guard let preamble = answer.preamble else { throw Failure("an answer without preamble") }
        switch answer.kind {
        case .open(let index): try opened(index, preamble)
        case .send(let lane):
            guard preamble.result == .done else { throw Failure("send: \(preamble)") }
            try schedule.didUpload(
                lane,
                serial: serial,
                upTo: canary == .trustsSends
                    ? client.session.outlets[lane].end : preamble.value,
                now,
                &client.session
            )
        case .down(let lane, _):
            guard schedule.isUnderWay(serial) else { break }
            guard preamble.result == .done else { throw Failure("poll: \(preamble)") }
            if answer.isBlocked {
                schedule.downloadFailed(lane, serial: serial, now, broughtBytes: true)
            } else {
                schedule.didDownload(
                    lane,
                    serial: serial,
                    now,
                    early: now - answer.preambleTime,
                    byteCount: answer.byteCount
                )
            }
        }
        try kickClient()
    }

    private func opened(_ index: Int, _ preamble: Preamble) throws {
        guard plans[index].state == .opening, let number = plans[index].number,
            plans[index].attempts.serial == preamble.serial
        else { return }
        switch preamble.result {
        case .done: client.session.wasOpened(number)
        case .refused:
            guard let refusal = plans[index].refusal, preamble.refusedStatus == refusal.status
            else { throw Failure("refused, but not as planned") }
            client.session.wasRefused(number)
            client.programs[number.slot] = nil
            finish(index)
        case .gone:
            // The server has reset it already; its frames are on the way.
            guard plans[index].serverResetsAfter != nil else { throw Failure("gone") }
            client.session.wasOpened(number)
        case .busy:
            let chance = schedule.nextChance()
            plans[index].attempts.fail(now, broughtBytes: false, chance: chance)
            return
        default: throw Failure("open: \(preamble)")
        }
        plans[index].attempts.succeed(now)
    }

    func failed(_ serial: UInt64) throws {
        guard let answer = pending.removeValue(forKey: serial) else { return }
        switch answer.kind {
        case .open(let index):
            guard plans[index].attempts.serial == serial else { return }
            let chance = schedule.nextChance()
            plans[index].attempts.fail(now, broughtBytes: false, chance: chance)
        case .send(let lane): schedule.uploadFailed(lane, serial: serial, now)
        case .down(let lane, _):
            let broughtBytes = answer.byteCount > 0
            schedule.downloadFailed(lane, serial: serial, now, broughtBytes: broughtBytes)
        }
        try kickClient()
    }
}

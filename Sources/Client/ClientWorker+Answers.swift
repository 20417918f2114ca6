internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel

/// Answers, as they come: head, preamble, then bytes of a lane or a short rest.
extension ClientWorker where Queue: ~Copyable, Names: ~Copyable {
    /// What comes within so many nanoseconds came right behind the preamble.
    private static var crowdTime: UInt64 { 100_000_000 }
    /// A preamble that comes later than other answers by this was held back.
    private static var lateness: UInt64 { 150_000_000 }
    /// Bytes of a request's head, with a small body.
    static var requestByteCountMax: Int { RequestFields.byteCountMax + 2048 }
    /// Bytes of an answer that are kept, those of lanes apart.
    static var replyByteCountMax: Int { 1024 }

    mutating func didReceiveAnswer(_ slot: UInt32, _ result: Int32) {
        guard carriers[slot].state == .busy else {
            // Nothing was asked: it ends, or says what nobody wants to know.
            return close(slot)
        }
        // Nobody answers at the other end any more: so it will be with all others.
        if result == -Errno.timedOut, phase == .made { return beginAnew() }
        guard result > 0 else {
            let mayEnd = carriers[slot].reader?.mayEndByClose ?? false
            guard result == 0, mayEnd else { return fail(slot, .cut) }
            return settle(slot, isCertain: carriers[slot].errand != .fetch)
        }
        carriers[slot].received += Int(result)
        do throws(Fault) {
            if carriers[slot].head == nil {
                guard try readHead(slot) else { return receiveAnswer(slot) }
            } else {
                try readBody(slot, from: 0)
            }
        } catch {
            return fail(slot, error)
        }
        // Frames may have ended the session, and all carriers with it.
        guard carriers[slot].state == .busy, carriers[slot].errand != .none else { return }
        if carriers[slot].reader?.isAtEnd == true { return settle(slot, isCertain: true) }
        receiveAnswer(slot)
    }

    /// Reads on in the head; whether it is whole.
    private mutating func readHead(_ slot: UInt32) throws(Fault) -> Bool {
        while true {
            let bytes = inputs[Int(slot)].part(0..<carriers[slot].received)
            switch bytes.withBytes({ carriers[slot].parser.parse($0) }) {
            case .incomplete: return false
            case .malformed: throw .malformed
            case .complete(let head) where head.status < 200:
                guard head.status != 101 else { throw .foreign(status: 101) }
                let rest = bytes.part(head.byteCount..<bytes.count)
                rest.copy(to: inputs[Int(slot)])
                carriers[slot].received = rest.count
                carriers[slot].parser = ResponseHeadParser()
            case .complete(let head):
                carriers[slot].head = head
                guard let reader = try? BodyReader(head.body) else { throw .malformed }
                carriers[slot].reader = reader
                guard !head.isCoded else { throw .foreign(status: head.status) }
                try readBody(slot, from: head.byteCount)
                return true
            }
        }
    }

    /// Takes what has come of the body, from `start` of the input on.
    private mutating func readBody(_ slot: UInt32, from start: Int) throws(Fault) {
        let count = carriers[slot].received
        let bytes = inputs[Int(slot)].part(0..<count)
        var index = start
        while true {
            let piece = try piece(slot, bytes, &index)
            guard case .content(let range) = piece else { break }
            try takeContent(slot, bytes, range)
            guard carriers[slot].state == .busy else { return }
        }
        // What follows the answer belongs to nothing.
        carriers[slot].received = count - index
    }

    private mutating func piece(
        _ slot: UInt32,
        _ bytes: Extent,
        _ index: inout Int
    ) throws(Fault) -> BodyReader.Piece {
        guard var reader = carriers[slot].reader else { throw .malformed }
        let start = index
        do throws(Refusal) {
            let (piece, end) = try bytes.withBytes {
                (span) throws(Refusal) -> (BodyReader.Piece, Int) in
                var index = start
                let piece = try reader.next(span, &index)
                return (piece, index)
            }
            index = end
            carriers[slot].reader = reader
            return piece
        } catch {
            throw .malformed
        }
    }

    private mutating func takeContent(
        _ slot: UInt32,
        _ bytes: Extent,
        _ range: Range<Int>
    ) throws(Fault) {
        var start = range.lowerBound
        if carriers[slot].preamble == nil {
            let missing = Preamble.byteCount - carriers[slot].replyCount
            let count = min(missing, range.count)
            keep(slot, bytes.part(start..<(start + count)))
            start += count
            guard count == missing else { return }
            try readPreamble(slot)
        }
        let rest = bytes.part(start..<range.upperBound)
        guard rest.count > 0 else { return }
        if carriers[slot].errand == .fetch, carriers[slot].preamble?.result == .done {
            takeLane(slot, rest)
        } else {
            let room = replies.blockSize - carriers[slot].replyCount
            keep(slot, rest.part(0..<min(rest.count, room)))
        }
    }

    private mutating func keep(_ slot: UInt32, _ bytes: Extent) {
        let count = carriers[slot].replyCount
        bytes.copy(to: replies[Int(slot)].part(count..<(count + bytes.count)))
        carriers[slot].replyCount += bytes.count
    }

    /// The preamble has come: by it the answer is the server's own, or it is not.
    private mutating func readPreamble(_ slot: UInt32) throws(Fault) {
        let bytes = replies[Int(slot)].part(0..<Preamble.byteCount)
        guard let preamble = bytes.withBytes({ Preamble(decoding: $0) }) else {
            throw .foreign(status: carriers[slot].head?.status ?? 0)
        }
        guard preamble.serial == carriers[slot].serial else { throw .mixedUp }
        carriers[slot].preamble = preamble
        carriers[slot].preambleTime = now.nanoseconds
        noteLateness(slot)
        if carriers[slot].errand != .make { didHear() }
    }

    /// Compares how long the answer took with the quickest one.
    ///
    /// Some proxies wait for more, as for 200 milliseconds, before they pass on a small piece of an
    /// answer that goes on; what is complete they pass on at once.
    private mutating func noteLateness(_ slot: UInt32) {
        let duration = now.nanoseconds - carriers[slot].begun
        guard carriers[slot].errand == .fetch else {
            quickest = min(quickest, duration)
            return
        }
        carriers[slot].isLate = duration >= quickest &+ Self.lateness && quickest < .max / 2
    }

    // MARK: Lanes

    /// Takes bytes of a down lane: copies those of streams to where they wait for their programs.
    private mutating func takeLane(_ slot: UInt32, _ bytes: Extent) {
        let carrier = carriers[slot]
        guard phase == .made, schedule.isUnderWay(carrier.serial) else { return }
        let due = carrier.offset + UInt64(carrier.laneByteCount)
        guard carrier.preamble?.value == carrier.offset, session.taken(carrier.lane) == due
        else { return endSession("the server sent bytes of a lane that were not asked for") }
        schedule.didHear(now.nanoseconds)
        schedule.downloadMoved(carrier.lane, serial: carrier.serial, now.nanoseconds)
        var index = 0
        do throws(Violation) {
            while case .store(let place, let range) = try take(carrier.lane, bytes, &index) {
                bytes.part(range).copy(to: blocks[place.block].part(place.range))
            }
        } catch {
            return endSession("the server broke the format (\(error))")
        }
        // What comes in several pieces at the end comes at once.
        let silence = now.nanoseconds - max(carrier.laneTime, carrier.preambleTime)
        if silence >= 50_000_000 {
            carriers[slot].silence = silence
            carriers[slot].burst = 0
        }
        carriers[slot].burst += index
        carriers[slot].laneTime = now.nanoseconds
        carriers[slot].laneByteCount += index
        if now.nanoseconds < carrier.preambleTime + Self.crowdTime {
            carriers[slot].crowd += index
        }
    }

    private mutating func take(
        _ lane: Int,
        _ bytes: Extent,
        _ index: inout Int
    ) throws(Violation) -> Intake {
        let start = index
        let (intake, end) = try bytes.withBytes {
            (span) throws(Violation) -> (Intake, Int) in
            var index = start
            let intake = try session.take(lane, span, &index, &pool)
            return (intake, index)
        }
        index = end
        precondition(intake != .blocked, "there are blocks for each stream's window")
        return intake
    }

    // MARK: What came of it

    /// The answer has ended: `isCertain` unless its end may be a cut.
    private mutating func settle(_ slot: UInt32, isCertain: Bool) {
        let carrier = carriers[slot]
        guard let preamble = carrier.preamble else {
            return fail(slot, .foreign(status: carrier.head?.status ?? 0))
        }
        if isBadForAll(slot, preamble) { return }
        let errand = carrier.errand
        if errand != .make { hasBeenNamed = true }
        rest(slot)
        switch errand {
        case .none: break
        case .make: didMake(preamble, replies[Int(slot)].part(0..<carrier.replyCount))
        case .open: didOpen(carrier, preamble)
        case .send: didSend(carrier, preamble)
        case .fetch: didFetch(carrier, preamble, isCertain)
        case .quit: leave()
        }
    }

    /// Results that are of the session, whatever was asked for; whether this was one.
    private mutating func isBadForAll(_ slot: UInt32, _ preamble: Preamble) -> Bool {
        guard carriers[slot].errand != .make, carriers[slot].errand != .quit else { return false }
        switch preamble.result {
        case .noSession where !hasBeenNamed && carriers[slot].namesByField:
            fail(slot, .foreign(status: 404))
        case .noSession: endSession("the server does not know it: it was restarted, or ended it")
        case .violation: endSession("the server found a breach of the format")
        case .gap, .stale: endSession("the server has lost what it had of the session")
        case .done, .busy, .gone, .refused, .limit, .version, .draining: return false
        }
        return true
    }

    private mutating func didSend(_ carrier: Carrier, _ preamble: Preamble) {
        guard preamble.result == .done else {
            return schedule.uploadFailed(
                carrier.lane,
                serial: carrier.serial,
                now.nanoseconds,
                isAnswered: true
            )
        }
        do throws(Violation) {
            try schedule.didUpload(
                carrier.lane,
                serial: carrier.serial,
                upTo: preamble.value,
                now.nanoseconds,
                &session
            )
        } catch {
            endSession("the server acknowledged bytes that were never sent")
        }
    }

    private mutating func didFetch(
        _ carrier: Carrier,
        _ preamble: Preamble,
        _ isCertain: Bool
    ) {
        let before = schedule.polling.mode
        if preamble.result == .done, isCertain {
            schedule.didDownload(
                carrier.lane,
                serial: carrier.serial,
                now.nanoseconds,
                early: now.nanoseconds - carrier.preambleTime,
                byteCount: carrier.laneByteCount,
                isCrowded: carrier.isCrowded,
                isHeldBack: carrier.isHeldBack(now.nanoseconds)
                    || before == .probing && carrier.isLate
            )
        } else {
            schedule.downloadFailed(
                carrier.lane,
                serial: carrier.serial,
                now.nanoseconds,
                broughtBytes: carrier.laneByteCount > 0
            )
        }
        tellPolling(before)
    }

    // MARK: Failures

    /// The request of the carrier in `slot` has failed, for `fault`; its connection is closed.
    mutating func fail(_ slot: UInt32, _ fault: Fault) {
        let carrier = carriers[slot]
        close(slot)
        // A connection that was kept may end just as it is used again: that tells nothing.
        var isStale = fault == .cut && carrier.answerCount > 0 && carrier.head == nil
        // Nor does one after which it is asked for in another way.
        if !isStale { isStale = learn(carrier, fault) }
        if carrier.errand != .none, !isStale { note(fault) }
        if fault == .foreign(status: 401), phase == .made {
            endSession("the server does not accept the credentials any more")
        }
        switch carrier.errand {
        case .none: break
        case .make: makeFailed(fault, isStale: isStale)
        case .open: openFailed(carrier, isStale: isStale)
        case .send:
            schedule.uploadFailed(
                carrier.lane,
                serial: carrier.serial,
                now.nanoseconds,
                isTooLarge: fault == .foreign(status: 413),
                isStale: isStale
            )
        case .fetch:
            let before = schedule.polling.mode
            schedule.downloadFailed(
                carrier.lane,
                serial: carrier.serial,
                now.nanoseconds,
                broughtBytes: carrier.laneByteCount > 0,
                isStale: isStale
            )
            tellPolling(before)
        case .quit where isStale: quit()
        case .quit: leave()
        }
        switch fault {
        // There may be another network afterwards.
        case .unreachable, .connectTimeout, .nameNotFound, .nameServers: meetNetwork()
        default: break
        }
    }

    /// Learns from a failure what the network wants otherwise; whether it was something new.
    private mutating func learn(_ carrier: Carrier, _ fault: Fault) -> Bool {
        guard case .foreign(let status) = fault else { return false }
        let mayNameOtherwise =
            !hasBeenNamed && carrier.namesByField && carrier.errand != .make
        switch status {
        case 403 where carrier.isOverridable, 405 where carrier.isOverridable,
            501 where carrier.isOverridable:
            if carrier.errand == .send { overridesPut = true } else { overridesDelete = true }
        case 400 where mayNameOtherwise && carrier.preamble == nil,
            404 where mayNameOtherwise && carrier.preamble != nil:
            // Something on the way may have dropped the field that names the session.
            reference = .path(id)
        case 413 where carrier.errand == .send && schedule.maySendLess: break
        default: return false
        }
        return true
    }

    /// Requests of lanes have had their time: their answers are not waited for any longer.
    mutating func abandonExpired() {
        note(.noAnswer)
        for index in 0..<carriers.used {
            let slot = UInt32(truncatingIfNeeded: index)
            let errand = carriers[slot].errand
            guard errand == .send || errand == .fetch,
                !schedule.isUnderWay(carriers[slot].serial)
            else { continue }
            close(slot)
        }
    }
}

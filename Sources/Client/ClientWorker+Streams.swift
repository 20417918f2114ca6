internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel
internal import Proxy

/// Streams: what the session tells of each, passed on to its program, and the other way round.
extension ClientWorker where Queue: ~Copyable, Names: ~Copyable {
    /// Looks at the program in `slot` before this turn ends.
    mutating func look(at slot: UInt32) {
        guard !locals[slot].isQueued else { return }
        locals[slot].isQueued = true
        attention.append(slot)
    }

    /// Looks at the programs of all streams in which something has happened.
    mutating func attendTouched() {
        while let index = session.nextTouched() {
            let slot = streamLocals[index]
            if slot != .max { look(at: slot) }
        }
    }

    /// Looks at all programs that are to be looked at.
    mutating func attend() {
        while let slot = attention.popLast() {
            locals[slot].isQueued = false
            switch locals[slot].state {
            case .free, .readingHead, .refusing, .closing: break
            case .opening: lookWhetherOpen(slot)
            case .answering:
                // It may have been without room for the answer.
                if !locals[slot].isSending, !locals[slot].awaitsSink { sendAnswer(slot) }
                receive(slot)
            case .relaying: relay(slot)
            }
        }
    }

    // MARK: Opening

    /// `open` has been answered.
    mutating func didOpen(_ carrier: Carrier, _ preamble: Preamble) {
        let slot = carrier.local
        guard isAsked(carrier), let number = locals[slot].stream else { return }
        let time = now.nanoseconds
        switch preamble.result {
        case .done:
            locals[slot].attempts.succeed(time)
            session.wasOpened(number)
        case .refused:
            locals[slot].attempts.succeed(time)
            session.wasRefused(number)
            forget(slot)
            let reply = replies[Int(carrier.slot)]
            let word = reply.part(Preamble.byteCount..<carrier.replyCount)
            refuse(slot, preamble.refusedStatus, word: word)
        case .gone:
            // It has ended already; how, the frames on the lanes will tell.
            locals[slot].attempts.succeed(time, pause: Attempts.pauseMax)
        case .draining:
            session.wasRefused(number)
            forget(slot)
            refuse(slot, Fault.draining)
        default:
            let chance = schedule.nextChance()
            locals[slot].attempts.fail(time, broughtBytes: false, chance: chance)
        }
    }

    /// `open` has failed.
    mutating func openFailed(_ carrier: Carrier, isStale: Bool) {
        guard isAsked(carrier) else { return }
        locals[carrier.local].attempts.fail(
            now.nanoseconds,
            broughtBytes: isStale,
            chance: schedule.nextChance()
        )
    }

    /// Whether the program still waits for the answer to the request of `carrier`.
    private func isAsked(_ carrier: Carrier) -> Bool {
        let local = locals[carrier.local]
        return local.generation == carrier.localGeneration && local.state == .opening
            && local.attempts.serial == carrier.serial
    }

    private mutating func lookWhetherOpen(_ slot: UInt32) {
        receive(slot)
        guard let number = locals[slot].stream else { return }
        let stream = session[number.slot]
        guard stream.generation == number.generation, stream.phase != .opening else { return }
        guard stream.peerReset == nil || stream.readableByteCount > 0 else {
            return refuse(slot, .connectReset)
        }
        locals[slot].wasOpened = true
        locals[slot].status = 200
        deadlines.clear(slot + UInt32(carriers.capacity))
        counters.established.add()
        writeOpen(slot)
        guard !locals[slot].isForwarded else {
            locals[slot].state = .relaying
            return relay(slot)
        }
        locals[slot].state = .answering
        var sink = ExtentSink(answers[Int(slot)])
        Answer.writeEstablished(to: &sink)
        locals[slot].answerCount = sink.count
        locals[slot].answerSent = 0
        sendAnswer(slot)
    }

    // MARK: Relaying

    /// Passes on what can be passed on in both directions.
    private mutating func relay(_ slot: UInt32) {
        guard let number = locals[slot].stream else { return }
        let index = number.slot
        guard session[index].generation == number.generation else { return abort(slot, "reset") }
        if let reason = session[index].peerReset {
            // What came before goes first.
            guard session[index].readableByteCount == 0 else { return deliver(slot, index) }
            let word = Self.word(reason)
            return Self.isByTimer(reason) ? end(slot, word) : abort(slot, word)
        }
        if session[index].phase == .open {
            session.offer(index, locals[slot].end - locals[slot].start)
            if locals[slot].sourceEnded { session.endOutgoing(index) }
            deliver(slot, index)
        }
        guard session[index].phase == .open else {
            // Both directions have ended: all has been passed on.
            writeEnd(slot, "closed")
            return finish(slot)
        }
        receive(slot)
    }

    /// Sends the program what waits for it, or tells it that no more will come.
    private mutating func deliver(_ slot: UInt32, _ index: Int) {
        guard !locals[slot].isSending, !locals[slot].awaitsSink, !locals[slot].sinkEnded
        else { return }
        if let place = session.readable(index, pool) {
            let bytes = blocks[place.block].part(place.range)
            locals[slot].isSending = true
            let token = submittedLocal(.send, slot)
            return queue.send(locals[slot].socket, from: bytes, token: token)
        }
        guard session[index].isAtEnd else { return }
        locals[slot].sinkEnded = true
        _ = queue.shutdownSending(locals[slot].socket)
        session.finishIncoming(index)
    }

    /// Something has been sent to the program in `slot`, or could not be.
    mutating func didSend(_ slot: UInt32, _ result: Int32) {
        guard result != -Errno.again else { return awaitSink(slot, again: false) }
        guard result > 0 else { return programBroke(slot) }
        switch locals[slot].state {
        case .refusing: locals[slot].answerSent += Int(result)
        case .answering:
            locals[slot].answerSent += Int(result)
            guard locals[slot].answerSent == locals[slot].answerCount else {
                return sendAnswer(slot)
            }
            locals[slot].state = .relaying
            look(at: slot)
        case .relaying:
            locals[slot].bytesIn += UInt64(result)
            look(at: slot)
            guard let number = locals[slot].stream else { return }
            let stream = session[number.slot]
            guard stream.generation == number.generation, stream.phase == .open else { return }
            session.consume(number.slot, Int(result), &pool)
        case .free, .readingHead, .opening, .closing: break
        }
    }

    /// Whether the server ended the stream by itself: as on CONNECT, the program gets FIN then.
    private static func isByTimer(_ reason: ResetReason) -> Bool {
        switch reason {
        case .timedOut, .draining, .lifetime, .limit: true
        case .other, .ended, .connectionReset, .connectionFailed: false
        }
    }

    /// The word of the journal for a reset by the server.
    private static func word(_ reason: ResetReason) -> String {
        switch reason {
        case .other, .ended: "ended_by_server"
        case .connectionReset: "reset"
        case .connectionFailed: "connection_terminated"
        case .timedOut: "idle_timeout"
        case .draining: "drained"
        case .lifetime: "lifetime"
        case .limit: "connection_limit_reached"
        }
    }
}

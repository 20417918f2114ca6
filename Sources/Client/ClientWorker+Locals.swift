internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel
internal import Proxy

/// Programs: accepted, heard, and answered.
extension ClientWorker where Queue: ~Copyable, Names: ~Copyable {
    /// How long a refused program may go on sending before its connection is closed for good.
    private static var lingerNanoseconds: UInt64 { 2_000_000_000 }
    /// Where local connections stand in the table of deadlines: behind the carriers.
    private func deadlineSlot(_ slot: UInt32) -> UInt32 { slot + UInt32(carriers.capacity) }

    func localToken(_ operation: ClientOperation, _ slot: UInt32) -> UInt64 {
        ClientToken(operation, generation: locals[slot].generation, slot: slot).rawValue
    }

    mutating func submittedLocal(_ operation: ClientOperation, _ slot: UInt32) -> UInt64 {
        locals[slot].inFlight += 1
        return localToken(operation, slot)
    }

    // MARK: Accepting

    mutating func didAccept(_ index: Int, _ completion: Completion) {
        if !completion.hasMore { listener.didEnd(index) }
        guard completion.result < 0 else { return take(completion.result, from: index) }
        switch -completion.result {
        case Errno.tooManyFiles, Errno.tooManyFilesInSystem, Errno.noBuffers, Errno.noMemory:
            listener.pause(&queue, retry: now + 100_000_000)
        default: break
        }
    }

    private mutating func take(_ client: Int32, from index: Int) {
        guard let slot = locals.take({ Local(slot: $0) }) else {
            return queue.close(client, token: Token(.close).rawValue)
        }
        number += 1
        locals[slot].begin(client, number: number, now: now)
        counters.accepted.add()
        if journal.isOn { locals[slot].client = queue.peer(of: client) }
        if locals.count >= locals.capacity { listener.pause(&queue) }
        let forward = index - settings.general.listen.count
        if forward >= 0 {
            locals[slot].isForwarded = true
            waitForStream(slot, settings.forwards[forward].authority)
        } else {
            deadlines.set(deadlineSlot(slot), at: now + ClientConfiguration.headTimeout)
        }
        // It may have been refused at once, and its slot be free.
        guard locals[slot].state == .readingHead || locals[slot].state == .opening else { return }
        receive(slot)
    }

    /// A submission for a program has completed.
    mutating func handleLocal(_ token: ClientToken, _ completion: Completion) {
        let slot = token.slot
        precondition(locals[slot].inFlight > 0, "a completion came that nobody waits for")
        if !completion.hasMore {
            locals[slot].inFlight -= 1
            switch token.operation {
            case .receive: locals[slot].isReceiving = false
            case .send: locals[slot].isSending = false
            case .awaitSink: locals[slot].awaitsSink = false
            case .watch: locals[slot].isWatching = false
            default: break
            }
        }
        guard locals[slot].state != .closing else { return closeIfQuietLocal(slot) }
        switch token.operation {
        case .receive: didReceive(slot, completion.result)
        case .send: didSend(slot, completion.result)
        case .awaitSink: didAwaitSink(slot, completion)
        case .watch:
            let events = PollEvents(rawValue: UInt32(bitPattern: max(completion.result, 0)))
            if events.contains(.error) { programBroke(slot) }
        default: break
        }
        if locals[slot].state == .refusing { goOnRefusing(slot) }
    }

    mutating func localDeadlinePassed(_ slot: UInt32) {
        switch locals[slot].state {
        case .readingHead: refuse(slot, .headTimeout)
        case .opening: refuse(slot, standing.fault ?? .noAnswer)
        case .refusing: finish(slot)
        case .free, .answering, .relaying, .closing: break
        }
    }

    // MARK: Receiving

    /// Receives what the program sends next, if there is room for it.
    mutating func receive(_ slot: UInt32) {
        guard !locals[slot].isReceiving, !locals[slot].sourceEnded else { return }
        if locals[slot].start == locals[slot].end {
            locals[slot].start = 0
            locals[slot].end = 0
        }
        let room = outgoing.blockSize - locals[slot].end
        guard room >= 4096 else { return watch(slot) }
        locals[slot].isReceiving = true
        let memory = outgoing[Int(slot)].part(locals[slot].end..<outgoing.blockSize)
        queue.receive(locals[slot].socket, into: memory, token: submittedLocal(.receive, slot))
    }

    /// Waits for a reset of a program from which nothing is received for the time being.
    ///
    /// Again and again: a poll would tell at once, each time, of an end that has come.
    private mutating func watch(_ slot: UInt32) {
        guard !locals[slot].isWatching else { return }
        locals[slot].isWatching = true
        queue.watch(locals[slot].socket, events: .error, token: submittedLocal(.watch, slot))
    }

    /// Waits until the program takes more; `again` if a poll has told only of its end.
    mutating func awaitSink(_ slot: UInt32, again: Bool) {
        locals[slot].awaitsSink = true
        let token = submittedLocal(.awaitSink, slot)
        if again {
            queue.watch(locals[slot].socket, events: .writable, token: token)
        } else {
            queue.poll(locals[slot].socket, events: .writable, token: token)
        }
    }

    private mutating func didAwaitSink(_ slot: UInt32, _ completion: Completion) {
        let events = PollEvents(rawValue: UInt32(bitPattern: max(completion.result, 0)))
        let hasNews = !events.isDisjoint(with: [.writable, .error, .hangUp])
        if completion.hasMore {
            // The watch has served its purpose; the next send waits until it has gone.
            if hasNews { cancelLocal(.awaitSink, slot) }
        } else if hasNews || completion.result < 0 {
            look(at: slot)
        } else {
            awaitSink(slot, again: true)
        }
    }

    private mutating func didReceive(_ slot: UInt32, _ result: Int32) {
        switch locals[slot].state {
        case .readingHead:
            guard result > 0 else { return finish(slot) }
            locals[slot].end += Int(result)
            readHead(slot)
        case .opening, .answering, .relaying:
            guard result >= 0 else { return programBroke(slot) }
            locals[slot].end += Int(result)
            locals[slot].sourceHasMore = locals[slot].end == outgoing.blockSize
            if result == 0 { locals[slot].sourceEnded = true }
            look(at: slot)
        case .refusing:
            // What a refused program still sends is thrown away.
            if result <= 0 { locals[slot].sourceEnded = true }
        case .free, .closing: break
        }
    }

    private mutating func readHead(_ slot: UInt32) {
        let bytes = outgoing[Int(slot)].part(0..<locals[slot].end)
        switch bytes.withBytes({ locals[slot].parser.parse($0) }) {
        case .incomplete: receive(slot)
        case .refused(let refusal): refuse(slot, refusal)
        case .complete(let head):
            // What follows the head belongs to the tunnel.
            locals[slot].start = head.byteCount
            waitForStream(slot, head.authority)
        }
    }

    private mutating func waitForStream(_ slot: UInt32, _ authority: Authority) {
        locals[slot].authority = authority
        locals[slot].state = .opening
        deadlines.set(deadlineSlot(slot), at: now + ClientConfiguration.openTimeout)
        guard directive == .serve else { return refuse(slot, Refusal.draining) }
        if phase == .making, let fault = standing.fault, fault.needsOperator {
            return refuse(slot, fault)
        }
        // Another program may have left the slot while nothing could be asked for.
        if !openings.contains(slot) { openings.append(slot) }
        look(at: slot)
    }

    // MARK: Refusing

    /// Answers that the program's request is refused, for `refusal`.
    mutating func refuse(_ slot: UInt32, _ refusal: Refusal) {
        let name = name
        refuse(slot, refusal.status, refusal.error.word) { sink in
            Answer.write(refusal, name: name, to: &sink)
        }
    }

    /// Answers that the server can't be reached, for `fault`.
    mutating func refuse(_ slot: UInt32, _ fault: Fault) {
        let name = name
        refuse(slot, fault.status, fault.error.word) { sink in
            Answer.write(
                passedOn: fault.status,
                error: fault.error.word.utf8.span,
                detail: fault.detail,
                from: nil,
                name: name,
                to: &sink
            )
        }
    }

    /// Answers as the server did: with `status`, and the error type that `word` spells.
    mutating func refuse(_ slot: UInt32, _ status: UInt16, word: Extent) {
        let (name, origin) = (name, settings.server.hostText)
        let spelled = word.withBytes { bytes in
            Answer.isErrorType(bytes)
                ? String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self) : "refused"
        }
        refuse(slot, (400...599).contains(status) ? status : 502, spelled) { sink in
            word.withBytes { bytes in
                Answer.write(
                    passedOn: (400...599).contains(status) ? status : 502,
                    error: bytes,
                    detail: "the server of the tunnel refused it",
                    from: origin,
                    name: name,
                    to: &sink
                )
            }
        }
    }

    private mutating func refuse(
        _ slot: UInt32,
        _ status: UInt16,
        _ reason: String,
        _ write: (inout ExtentSink) -> Void
    ) {
        guard locals[slot].state == .readingHead || locals[slot].state == .opening else { return }
        dropStream(slot, .ended)
        locals[slot].status = status
        counters.refused.add()
        writeEnd(slot, reason)
        guard !locals[slot].isForwarded else {
            queue.makeAbortive(locals[slot].socket)
            return finish(slot)
        }
        var sink = ExtentSink(answers[Int(slot)])
        write(&sink)
        locals[slot].answerCount = sink.count
        locals[slot].answerSent = 0
        linger(slot)
    }

    /// Goes on sending and throwing away.
    private mutating func goOnRefusing(_ slot: UInt32) {
        let local = locals[slot]
        guard local.state == .refusing, !local.isSending, !local.awaitsSink else { return }
        if local.answerSent < local.answerCount { return sendAnswer(slot) }
        if !local.sinkEnded {
            locals[slot].sinkEnded = true
            _ = queue.shutdownSending(local.socket)
        }
        if local.sourceEnded { return finish(slot) }
        locals[slot].start = 0
        locals[slot].end = 0
        receive(slot)
    }

    /// Sends what is left of the answer.
    mutating func sendAnswer(_ slot: UInt32) {
        let rest = locals[slot].answerSent..<locals[slot].answerCount
        let token = submittedLocal(.send, slot)
        locals[slot].isSending = true
        queue.send(locals[slot].socket, from: answers[Int(slot)].part(rest), token: token)
    }

    // MARK: Ending

    /// The connection to the program is broken.
    mutating func programBroke(_ slot: UInt32) {
        dropStream(slot, .connectionReset)
        if locals[slot].state != .refusing { writeEnd(slot, "reset") }
        finish(slot)
    }

    /// Ends the connection to the program by a reset, for `reason`.
    mutating func abort(_ slot: UInt32, _ reason: String) {
        dropStream(slot, .ended)
        queue.makeAbortive(locals[slot].socket)
        writeEnd(slot, reason)
        finish(slot)
    }

    /// Ends the connection to the program by FIN, for `reason`, behind all that was sent.
    mutating func end(_ slot: UInt32, _ reason: String) {
        dropStream(slot, .ended)
        writeEnd(slot, reason)
        locals[slot].answerCount = 0
        locals[slot].answerSent = 0
        linger(slot)
    }

    /// Sends what is left of an answer, then FIN, and throws away for a while what still comes: a
    /// reset would overtake what is on its way to the program.
    private mutating func linger(_ slot: UInt32) {
        locals[slot].state = .refusing
        deadlines.set(deadlineSlot(slot), at: now + Self.lingerNanoseconds)
        goOnRefusing(slot)
    }

    /// The client stops at once, or its time to drain is over.
    mutating func stopLocal(_ slot: UInt32) {
        switch locals[slot].state {
        case .free, .closing: break
        case .readingHead, .refusing: finish(slot)
        case .opening, .answering, .relaying: abort(slot, "stopped")
        }
    }

    /// The stream of the program, if it still has one, is wanted no more.
    private mutating func dropStream(_ slot: UInt32, _ reason: ResetReason) {
        guard let number = locals[slot].stream else { return }
        if locals[slot].state == .opening { abandonOpening(of: slot) }
        let stream = session[number.slot]
        let isLive = stream.phase == .opening || stream.phase == .open
        if stream.generation == number.generation, isLive {
            session.reset(number.slot, reason, &pool)
        }
        forget(slot)
    }

    /// The program has no stream any more.
    mutating func forget(_ slot: UInt32) {
        guard let number = locals[slot].stream else { return }
        if streamLocals[number.slot] == slot { streamLocals[number.slot] = .max }
        locals[slot].stream = nil
    }

    /// Terminates: what is under way is cancelled, and the socket closed when all has ended.
    mutating func finish(_ slot: UInt32) {
        guard locals[slot].state != .free, locals[slot].state != .closing else { return }
        forget(slot)
        locals[slot].state = .closing
        deadlines.clear(deadlineSlot(slot))
        let local = locals[slot]
        if local.isReceiving { cancelLocal(.receive, slot) }
        if local.awaitsSink { cancelLocal(.awaitSink, slot) }
        if local.isWatching { cancelLocal(.watch, slot) }
        closeIfQuietLocal(slot)
    }

    private mutating func cancelLocal(_ operation: ClientOperation, _ slot: UInt32) {
        let target = localToken(operation, slot)
        queue.cancel(target, token: submittedLocal(.cancelLocal, slot))
    }

    private mutating func closeIfQuietLocal(_ slot: UInt32) {
        guard locals[slot].inFlight == 0 else { return }
        queue.close(locals[slot].socket, token: Token(.close).rawValue)
        locals[slot].socket = -1
        locals[slot].state = .free
        locals.release(slot)
    }
}

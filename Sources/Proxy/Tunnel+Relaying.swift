internal import Kernel
internal import Relay
internal import Resolver

/// Moving bytes: asks the flow for the next step, takes it, and reports what came of it.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    func source(_ direction: Direction) -> Int32 {
        direction == .outbound ? client : upstream
    }

    func sink(_ direction: Direction) -> Int32 {
        direction == .outbound ? upstream : client
    }

    mutating func startRelaying(_ worker: inout Worker) {
        guard let opening else { preconditionFailure("relaying begins with an opening") }
        state = .relaying
        lastActivity = worker.now
        unwatchClient(&worker)
        scheduleRelayTimer(&worker)
        let behind = worker.openings[opening].parentReceived
        let early = measureEarly(
            .outbound,
            worker.openings[opening].received - worker.openings[opening].headCount,
            &worker
        )
        if early > 0 {
            take(duplex.outbound.start(holding: early), .outbound, &worker)
        } else {
            releaseOpeningIfDone(&worker)
            take(duplex.outbound.start(rules(worker)), .outbound, &worker)
        }
        guard state == .relaying else { return }
        let held = measureEarly(.inbound, behind, &worker)
        guard held > 0 else {
            emptyOverflow(.inbound, &worker)
            return take(duplex.inbound.start(rules(worker)), .inbound, &worker)
        }
        take(duplex.inbound.start(holding: held), .inbound, &worker)
    }

    // MARK: What was reported

    mutating func didRelay(
        _ operation: Operation,
        _ direction: Direction,
        _ completion: Completion,
        _ worker: inout Worker
    ) {
        let result = completion.result
        switch operation {
        case .watchSource:
            // So ends the poll of a tunnel that is to move, or was.
            if result == -Errno.canceled { return take(.watchSource, direction, &worker) }
            guard result >= 0 else { return fail(source: direction, -result, &worker) }
            guard mayRead(direction, &worker) else { return }
            take(duplex[direction].sourceIsReady(), direction, &worker)
        case .receive: didReceive(direction, completion, &worker)
        case .send:
            guard result >= 0 || result == -Errno.again else {
                guard let step = fail(sink: direction, -result, &worker) else { return }
                return take(step, direction, &worker)
            }
            // An armed flow sends in the turn in which it receives; it may be told of that later.
            if result > 0, !duplex[direction].isArmed { noteActivity(direction, worker) }
            let step = sent(Int(max(result, 0)), direction, worker)
            if duplex[direction].isStalled, worker.buffers.isTight { moveAside(direction, &worker) }
            take(step, direction, &worker)
        case .moveIn: take(movedIn(direction, result, &worker), direction, &worker)
        case .moveOut: take(movedOut(direction, result, &worker), direction, &worker)
        case .watchSink: didWatchSink(direction, completion, &worker)
        case .watchHangUp: didHangUp(direction, completion, &worker)
        default: preconditionFailure("not a relay's operation")
        }
    }

    // MARK: The next step

    /// Takes `first` and what follows from it, until something has been submitted.
    mutating func take(_ first: Flow.Step, _ direction: Direction, _ worker: inout Worker) {
        guard !isStream else { return takeOfStream(first, direction, &worker) }
        var step = first
        var moves = false
        while state == .relaying {
            if isLimited, hasMovedAll(worker) { return endByLimit(.ruleBytes, &worker) }
            if isMoving, standsStill(insteadOf: step, direction, &worker) { return }
            switch step {
            case .none: return
            case .watchSource:
                releasePipe(direction, &worker)
                let token = submitted(.watchSource, direction.rawValue)
                return worker.queue.poll(source(direction), events: .readable, token: token)
            case .receive(let afterPoll):
                releasePipe(direction, &worker)
                return receive(direction, afterPoll, &worker)
            case .cancelReceive:
                return cancel(.receive, detail: direction.rawValue, &worker)
            case .awaitBuffer:
                worker.buffers.ranOut()
                return worker.buffers.line.join(slot, direction)
            case .send:
                guard lacksSink(direction) else { return send(direction, &worker) }
                guard let next = throwAway(direction, &worker) else { return }
                step = next
            case .releaseBuffer:
                releaseBuffer(direction, &worker)
                step = next(direction, &worker)
            case .moveIn, .moveOut:
                // What has been moved in goes out at once.
                moves = moves || mayMove(direction, &worker)
                guard moves, let next = move(step, direction, &worker) else { return }
                step = next
            case .watchSink:
                if let code = holdings[direction].sourceError ?? resetAtEnd(direction) {
                    return fail(source: direction, code, &worker)
                }
                if departure == .atOnce { didStallDeparting(&worker) }
                // No more is read meanwhile.
                if duplex[direction].isArmed {
                    cancel(.receive, detail: direction.rawValue, &worker)
                }
                watchHangUp(direction, &worker)
                guard state == .relaying else { return }
                let token = submitted(.watchSink, direction.rawValue)
                return worker.queue.poll(sink(direction), events: .writable, token: token)
            case .shutdownSink:
                return passOnEnd(direction, &worker)
            }
        }
    }

    mutating func send(_ direction: Direction, _ worker: inout Worker) {
        let flow = duplex[direction]
        let range = Int(flow.offset)..<Int(flow.offset + flow.held)
        let memory = held(direction, worker).part(range)
        let token = submitted(.send, direction.rawValue)
        guard flow.isArmed, !worker.pace.isBusy else {
            return worker.queue.send(sink(direction), from: memory, token: token)
        }
        worker.queue.sendQuietly(sink(direction), from: memory, token: token)
    }

    /// Whether nothing follows from the success of the send of `direction` that is under way: a
    /// receive is armed, and neither does anything wait behind what is sent, nor anybody for its
    /// buffer.
    func needsNoWord(of direction: Direction, _ worker: borrowing Worker) -> Bool {
        guard state == .relaying, duplex[direction].phase == .sending, duplex[direction].isArmed,
            holdings[direction].sourceError == nil, !holdings[direction].overflows,
            worker.buffers.line.count == 0, !worker.buffers.isTight
        else { return false }
        guard let buffer = holdings[direction].buffer else { return true }
        return worker.buffers.follower(of: buffer) == nil
    }

    /// The memory that holds the bytes of the flow of `direction`, from the first one of them on.
    func held(_ direction: Direction, _ worker: borrowing Worker) -> Extent {
        if holdings[direction].overflows { return worker.overflow[overflowBlock(direction)] }
        if let buffer = holdings[direction].buffer { return worker.queue.buffer(buffer) }
        guard let opening else { preconditionFailure("a flow sends what it doesn't hold") }
        let start = worker.openings[opening].headCount
        return worker.openings.block(opening).part(start..<worker.openings[opening].received)
    }

    /// The source has ended and its last byte is delivered: tell the sink.
    mutating func passOnEnd(_ direction: Direction, _ worker: inout Worker) {
        releasePipe(direction, &worker)
        if resetAtEnd(direction) != nil { return passOnReset(direction, &worker) }
        if isStream { worker.sessions.passOnEnd(slot, isOutbound: direction == .outbound) }
        if isMoving { stay(&worker) }
        let first = firstToEnd ?? direction.source
        firstToEnd = first
        guard !duplex.isClosed else {
            // A reset that is to follow does so even behind a FIN of the other side.
            return owesReset
                ? beginLingering(&worker) : end(Ending(cause: .closed, side: first), &worker)
        }
        // It fails if the sink has closed or broken: whoever reads from there learns that.
        if sink(direction) >= 0 { _ = worker.queue.shutdownSending(sink(direction)) }
        if lingers { return beginLingering(&worker) }
        lastActivity = worker.now
        scheduleRelayTimer(&worker)
    }

    // MARK: Splicing

    /// Whether bytes may be moved now; otherwise the flow is told when they may.
    private mutating func mayMove(_ direction: Direction, _ worker: inout Worker) -> Bool {
        if worker.terms.splicesOnRing || worker.pipes.share.admit(slot, direction) { return true }
        // Whoever stands in line has bytes, and isn't idle.
        noteActivity(direction, worker)
        return false
    }

    /// The flow of `direction` is the first of those that stood in line to move bytes.
    mutating func mayMoveNow(_ direction: Direction, _ worker: inout Worker) {
        switch duplex[direction].phase {
        case .movingIn: take(.moveIn, direction, &worker)
        case .movingOut: take(.moveOut, direction, &worker)
        default: break
        }
    }

    private mutating func move(
        _ step: Flow.Step,
        _ direction: Direction,
        _ worker: inout Worker
    ) -> Flow.Step? {
        step == .moveIn ? moveIn(direction, &worker) : moveOut(direction, &worker)
    }

    private mutating func moveIn(_ direction: Direction, _ worker: inout Worker) -> Flow.Step? {
        // A pipe in which bytes are thrown away would be lost with them.
        if holdings[direction].pipe == nil, !lacksSink(direction) {
            holdings[direction].pipe = worker.pipes.take(&worker.queue)
        }
        guard let pipe = holdings[direction].pipe else {
            worker.pipes.share.use(2 * worker.receiveBytesMax)
            return duplex[direction].foundNoPipe()
        }
        let ends = worker.pipes[pipe]
        let count = readMax(direction, worker.terms.configuration.pipeSize, worker)
        guard worker.terms.splicesOnRing else {
            let result = worker.spliceNow(from: source(direction), to: ends.sink, count: count)
            return movedIn(direction, result, &worker)
        }
        let token = submitted(.moveIn, direction.rawValue)
        worker.queue.splice(from: source(direction), to: ends.sink, count: count, token: token)
        return nil
    }

    private mutating func movedIn(
        _ direction: Direction,
        _ result: Int32,
        _ worker: inout Worker
    ) -> Flow.Step {
        noteActivity(direction, worker)
        if result > 0 { haveRead(direction, result, &worker) }
        switch result {
        case 1...: return duplex[direction].movedIn(Int(result), worker.terms.flow)
        case 0, -Errno.again: return duplex[direction].foundNothingToMove()
        default:
            fail(source: direction, -result, &worker)
            return .none
        }
    }

    private mutating func moveOut(_ direction: Direction, _ worker: inout Worker) -> Flow.Step? {
        guard let pipe = holdings[direction].pipe else {
            preconditionFailure("bytes are moved out of no pipe")
        }
        let ends = worker.pipes[pipe]
        let count = Int(duplex[direction].held)
        guard worker.terms.splicesOnRing else {
            let result = worker.spliceNow(from: ends.source, to: sink(direction), count: count)
            return movedOut(direction, result, &worker)
        }
        let token = submitted(.moveOut, direction.rawValue)
        worker.queue.splice(from: ends.source, to: sink(direction), count: count, token: token)
        return nil
    }

    private mutating func movedOut(
        _ direction: Direction,
        _ result: Int32,
        _ worker: inout Worker
    ) -> Flow.Step {
        switch result {
        case 1...:
            noteActivity(direction, worker)
            return movedOut(Int(result), direction, worker)
        case -Errno.again: return duplex[direction].sinkIsFull()
        default: return fail(sink: direction, -result, &worker) ?? .none
        }
    }

    // MARK: What the sink has taken

    /// The sink has taken `count` bytes of what was sent: counts them, and returns the next step.
    mutating func sent(
        _ count: Int,
        _ direction: Direction,
        _ worker: borrowing Worker
    ) -> Flow.Step {
        worker.counters.count(count, direction)
        return duplex[direction].sent(count)
    }

    /// The same of bytes that were moved out of the pipe.
    mutating func movedOut(
        _ count: Int,
        _ direction: Direction,
        _ worker: borrowing Worker
    ) -> Flow.Step {
        worker.counters.count(count, direction)
        return duplex[direction].movedOut(count)
    }

    // MARK: Giving back

    mutating func releaseBuffer(_ direction: Direction, _ worker: inout Worker) {
        if holdings[direction].overflows {
            emptyOverflow(direction, &worker)
        } else if let buffer = holdings[direction].buffer {
            holdings[direction].buffer = worker.buffers.follower(of: buffer)
            giveBack(buffer, &worker)
        } else {
            // What came with the head has been sent.
            guard let opening else { preconditionFailure("a flow has sent what it didn't hold") }
            worker.openings[opening].received = worker.openings[opening].headCount
            releaseOpeningIfDone(&worker)
        }
    }

    /// Buffers are scarce and the sink is slow: what is held, and what came behind it, moves to the
    /// tunnel's own memory, and the buffers serve others.
    mutating func moveAside(_ direction: Direction, _ worker: inout Worker) {
        let block = worker.overflow[overflowBlock(direction)]
        while let buffer = holdings[direction].buffer {
            let flow = duplex[direction]
            let end = Int(flow.offset + flow.held)
            let memory = worker.queue.buffer(buffer)
            if holdings[direction].overflows {
                let count = worker.buffers.waitingBytes(in: buffer)
                memory.part(0..<count).copy(to: block.part(end..<(end + count)))
                duplex[direction].joined(count)
            } else {
                let range = Int(flow.offset)..<end
                memory.part(range).copy(to: block.part(range))
            }
            holdings[direction].overflows = true
            holdings[direction].buffer = worker.buffers.follower(of: buffer)
            giveBack(buffer, &worker)
        }
    }

    func overflowBlock(_ direction: Direction) -> Int {
        Int(slot) * 2 + Int(direction.rawValue)
    }

    mutating func emptyOverflow(_ direction: Direction, _ worker: inout Worker) {
        guard holdings[direction].overflows else { return }
        holdings[direction].overflows = false
        worker.overflow.empty(overflowBlock(direction))
    }

    func giveBack(_ buffer: UInt16, _ worker: inout Worker) {
        worker.take(buffer)
    }

    /// Gives the pipe back.
    ///
    /// With bytes left in it, it can't be used again.
    mutating func releasePipe(_ direction: Direction, _ worker: inout Worker) {
        guard let pipe = holdings[direction].pipe else { return }
        holdings[direction].pipe = nil
        if duplex[direction].held == 0 {
            worker.pipes.release(pipe)
        } else {
            worker.pipes.discard(pipe, &worker.queue)
        }
    }
}

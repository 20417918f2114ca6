internal import Kernel
internal import Relay
internal import Resolver

/// Receiving into buffers, and what comes while bytes are being sent.
///
/// A flow that waits for messages arms a receive that goes on by itself, for a few bytes in all.
/// What it brings while what it has brought is being sent waits behind that, in the order in which
/// it came: in buffers that follow each other, or in the tunnel's own memory with the rest.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    mutating func receive(
        _ direction: Direction,
        _ afterPoll: Bool,
        _ worker: inout Worker
    ) {
        let flow = duplex[direction]
        let size = readMax(direction, worker.receiveBytesMax, worker)
        let token = submitted(.receive, direction.rawValue)
        guard afterPoll, !flow.isBulk, !flow.isMeasured, !isStream else {
            return worker.queue.receive(
                source(direction),
                bytesMax: size,
                pollFirst: afterPoll,
                token: token
            )
        }
        // Messages may come one after the other: one submission for some of them.
        let total = worker.terms.messageBytesMax
        worker.queue.receive(source(direction), bytesMax: size, total: total, token: token)
    }

    /// What comes when all that was held has been sent: what has come meanwhile, if anything has.
    mutating func next(_ direction: Direction, _ worker: inout Worker) -> Flow.Step {
        if let buffer = holdings[direction].buffer {
            let count = worker.buffers.waitingBytes(in: buffer)
            return duplex[direction].receivedMeanwhile(count, worker.terms.flow)
        }
        if let code = holdings[direction].sourceError {
            fail(source: direction, code, &worker)
            return .none
        }
        let hasMore = holdings[direction].sourceHasMore
        return duplex[direction].next(worker.terms.flow, sourceHasMore: hasMore)
    }

    // MARK: What was reported

    mutating func didReceive(
        _ direction: Direction,
        _ completion: Completion,
        _ worker: inout Worker
    ) {
        let result = completion.result
        haveRead(direction, result, &worker)
        if let buffer = completion.buffer {
            worker.lend(buffer)
            if result <= 0 { giveBack(buffer, &worker) }
        }
        let phase = duplex[direction].phase
        guard phase == .receiving || phase == .parking else {
            return didReceiveMeanwhile(direction, completion, &worker)
        }
        guard result > 0 else { return didReceiveNothing(direction, result, &worker) }
        noteActivity(direction, worker)
        holdings[direction].buffer = completion.buffer
        holdings[direction].sourceHasMore = completion.isSocketNonEmpty
        let goesOn = completion.hasMore
        let step = duplex[direction].received(Int(result), goesOn: goesOn, worker.terms.flow)
        take(step, direction, &worker)
    }

    /// A receive that goes on brought bytes, or ended, while what it had brought was being sent.
    ///
    /// The source's end, and the want of a buffer, are found again by the next receive; an error
    /// isn't. What came before that goes first, but it isn't kept for a sink without room.
    private mutating func didReceiveMeanwhile(
        _ direction: Direction,
        _ completion: Completion,
        _ worker: inout Worker
    ) {
        if !completion.hasMore { duplex[direction].receiveEnded() }
        guard completion.result > 0, let buffer = completion.buffer else {
            let code = -completion.result
            guard code > 0, code != Errno.canceled, code != Errno.noBuffers else { return }
            guard duplex[direction].phase == .sending else {
                return fail(source: direction, code, &worker)
            }
            holdings[direction].sourceError = code
            return
        }
        noteActivity(direction, worker)
        holdings[direction].sourceHasMore = completion.isSocketNonEmpty
        putBehind(buffer, Int(completion.result), direction, &worker)
        guard duplex[direction].phase == .awaitingRoom, worker.buffers.isTight else { return }
        moveAside(direction, &worker)
    }

    /// Keeps `count` bytes that came into `buffer` behind what is being sent: with others that wait
    /// there if they have room, so that small pieces take no buffer each.
    private mutating func putBehind(
        _ buffer: UInt16,
        _ count: Int,
        _ direction: Direction,
        _ worker: inout Worker
    ) {
        guard let first = holdings[direction].buffer else {
            worker.buffers.append(buffer, count, behind: nil)
            holdings[direction].buffer = buffer
            return
        }
        let last = worker.buffers.last(from: first)
        let isWaiting = last != first || holdings[direction].overflows
        let room = worker.queue.buffer(last)
        let filled = isWaiting ? worker.buffers.waitingBytes(in: last) : room.count
        guard filled + count <= room.count else {
            return worker.buffers.append(buffer, count, behind: last)
        }
        let bytes = worker.queue.buffer(buffer).part(0..<count)
        bytes.copy(to: room.part(filled..<(filled + count)))
        worker.buffers.add(count, to: last)
        giveBack(buffer, &worker)
    }

    private mutating func didReceiveNothing(
        _ direction: Direction,
        _ result: Int32,
        _ worker: inout Worker
    ) {
        switch -result {
        case 0: take(duplex[direction].sourceEnded(), direction, &worker)
        case Errno.canceled: take(duplex[direction].receiveWasCancelled(), direction, &worker)
        case Errno.noBuffers: take(duplex[direction].foundNoBuffer(), direction, &worker)
        default: fail(source: direction, -result, &worker)
        }
    }

    /// A buffer is free for the flow that waited for it.
    mutating func bufferIsFree(_ direction: Direction, _ worker: inout Worker) {
        guard state == .relaying, duplex[direction].phase == .awaitingBuffer else { return }
        take(duplex[direction].bufferIsFree(), direction, &worker)
    }
}

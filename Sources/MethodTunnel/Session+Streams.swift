/// Where bytes stand in the memory of a pool.
public struct Placement: Equatable, Sendable {
    /// Which block.
    public let block: Int
    /// Which of its bytes.
    public let range: Range<Int>
}

// MARK: The caller's side of the streams

extension Session {
    /// Whether no byte of the stream in `slot` is on its way: the other end has all that was put on
    /// lanes, nothing more is offered, and what came has been passed on.
    public func isQuiet(_ slot: Int) -> Bool {
        guard streams[slot].offered == 0, streams[slot].readableByteCount == 0,
            streams[slot].reassembly.stretchCount == 0
        else { return false }
        return outlets.indices.allSatisfy {
            streams[slot].laneEnds[$0] <= outlets[$0].acknowledged
        }
    }

    /// The source of the stream in `slot` has `count` bytes in all that are on no lane yet.
    public mutating func offer(_ slot: Int, _ count: Int) {
        precondition(count >= 0)
        streams[slot].offered = count
        queueSender(slot)
    }

    /// The source has ended; what was offered still goes first.
    public mutating func endOutgoing(_ slot: Int) {
        streams[slot].sourceEnded = true
        queueSender(slot)
    }

    /// Where the next bytes for the sink stand, as many as lie in one piece; nil if none wait.
    public func readable(_ slot: Int, _ pool: borrowing BlockPool) -> Placement? {
        let stream = streams[slot]
        guard stream.readableByteCount > 0,
            let block = stream.blocks.block(at: stream.consumed, blockSize: pool.blockSize)
        else { return nil }
        let start = Int(stream.consumed % UInt64(pool.blockSize))
        let count = min(stream.readableByteCount, pool.blockSize - start)
        return Placement(block: Int(block), range: start..<(start + count))
    }

    /// The sink has taken `count` of the bytes that `readable` tells.
    public mutating func consume(_ slot: Int, _ count: Int, _ pool: inout BlockPool) {
        let offset = streams[slot].consumed
        let start = Int(offset % UInt64(pool.blockSize))
        precondition(count <= streams[slot].readableByteCount && start + count <= pool.blockSize)
        streams[slot].consumed += UInt64(count)
        consumedByteCount += UInt64(count)
        let isEmpty =
            streams[slot].readableByteCount == 0 && streams[slot].reassembly.stretchCount == 0
        if isEmpty || start + count == pool.blockSize {
            streams[slot].blocks.release(at: offset, &pool)
        }
        raiseWindowIfDue(slot)
    }

    /// The sink has been told of the end.
    public mutating func finishIncoming(_ slot: Int) {
        precondition(streams[slot].isAtEnd)
        streams[slot].incomingEnded = true
        finish(slot)
    }

    /// Ends both directions at once, and tells the other end, unless that has done so before.
    public mutating func reset(_ slot: Int, _ reason: ResetReason, _ pool: inout BlockPool) {
        precondition(streams[slot].isLive)
        let isKnown = streams[slot].peerReset != nil
        close(slot, &pool)
        guard !isKnown, streams[slot].phase != .free else { return }
        streams[slot].resetReason = reason
        want(role == .server ? [.reset, .done] : .reset, slot)
    }

    mutating func queueSender(_ slot: Int) {
        if streams[slot].canSend { senders.append(slot) }
    }

    /// Both directions may have come to their end: then the stream has.
    mutating func finish(_ slot: Int) {
        guard streams[slot].incomingEnded, streams[slot].outgoingEnded else { return }
        streams[slot].wants = []
        if role == .server {
            streams[slot].phase = .ended
            want(.done, slot)
        } else {
            streams[slot].phase = .closing
            if streams[slot].isDone { release(slot) }
        }
    }

    /// Ends both directions at once; nothing of it waits any more, and nothing is told.
    mutating func close(_ slot: Int, _ pool: inout BlockPool) {
        streams[slot].blocks.releaseAll(&pool)
        consumedByteCount += streams[slot].stored - streams[slot].consumed
        streams[slot].consumed = streams[slot].stored
        streams[slot].incomingEnded = true
        streams[slot].outgoingEnded = true
        streams[slot].offered = 0
        streams[slot].wants = []
        streams[slot].phase = role == .server ? .ended : .closing
        if role == .client, streams[slot].isDone { release(slot) }
    }
}

// MARK: What arrives

/// What to do with the next bytes of a lane.
public enum Intake: Equatable, Sendable {
    /// All has been taken.
    case end
    /// Copy the bytes in the range to the place.
    case store(Placement, from: Range<Int>)
    /// There is no room: the bytes from here on must come again.
    case blocked
}

extension Session {
    /// Takes bytes of the lane `lane`, which stand at the lane offset that `taken` tells.
    ///
    /// To be called until it returns something else than `store`.
    ///
    /// - Parameters:
    ///   - lane: Which lane.
    ///   - bytes: What came.
    ///   - index: How many of these have been taken; moved on.
    ///   - pool: Where bytes wait.
    /// - Returns: What to do.
    /// - Throws: When the other end has broken a rule; the session must end.
    public mutating func take(
        _ lane: Int,
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        _ pool: inout BlockPool
    ) throws(Violation) -> Intake {
        guard lane < inlets.count else { throw .outOfRange }
        precondition(pool.blockSize >= terms.blockSize, "a window would not fit in its blocks")
        while true {
            switch try inlets[lane].next(bytes, &index) {
            case .none: return .end
            case .frame(let frame): try apply(frame, &pool)
            case .payload(let frame, let start, let range):
                let place = try place(frame, start, range.count, &pool)
                guard let place else { return .blocked }
                index += place.count
                inlets[lane].advance(place.count)
                guard let placement = place.placement else { continue }
                return .store(
                    placement,
                    from: range.lowerBound..<(range.lowerBound + place.count)
                )
            }
        }
    }

    /// Decides where `countMax` bytes of payload belong, from byte `start` of the payload on.
    ///
    /// As many of them as lie in one piece, or nowhere; nil if there is no room.
    private mutating func place(
        _ frame: Frame,
        _ start: Int,
        _ countMax: Int,
        _ pool: inout BlockPool
    ) throws(Violation) -> (placement: Placement?, count: Int)? {
        guard frame.kind == .data else { return (nil, countMax) }
        guard let slot = liveSlot(frame.stream) else {
            consumedByteCount += UInt64(countMax)
            return (nil, countMax)
        }
        let offset = frame.position + UInt64(start)
        let known = streams[slot].reassembly.known(from: offset)
        guard offset == known else {
            // It came before; only someone who breaks the rules sends it again.
            let count = min(countMax, Int(known - offset))
            consumedByteCount += UInt64(count)
            return (nil, count)
        }
        guard let block = streams[slot].blocks.block(at: offset, &pool) else { return nil }
        let first = Int(offset % UInt64(pool.blockSize))
        let gap = streams[slot].reassembly.gapEnd(from: offset) - offset
        let count = min(countMax, pool.blockSize - first, Int(clamping: gap))
        try streams[slot].reassembly.insert(offset..<(offset + UInt64(count)))
        streams[slot].stored += UInt64(count)
        touched.append(slot)
        return (Placement(block: Int(block), range: first..<(first + count)), count)
    }

    /// The slot of a stream whose bytes are wanted.
    private func liveSlot(_ rawNumber: UInt32) -> Int? {
        guard let number = StreamNumber(rawValue: rawNumber) else { return nil }
        let stream = self[number.slot]
        guard stream.generation == number.generation, stream.phase == .open else { return nil }
        return number.slot
    }

    // MARK: Frames

    private mutating func apply(_ frame: Frame, _ pool: inout BlockPool) throws(Violation) {
        switch frame.kind {
        case .pad: break
        case .drain:
            guard role == .client else { throw .wrongRole }
            isDraining = true
        case .kept:
            guard role == .server else { throw .wrongRole }
            try acknowledge(Int(frame.code), frame.position)
        case .window where frame.stream == 0: sendLimit = max(sendLimit, frame.position)
        case .data:
            receivedByteCount += UInt64(frame.count)
            guard receivedByteCount <= granted else { throw .sessionWindow }
            lookForWindows()
            if let slot = try openSlot(frame) { try admit(frame, slot) }
        case .end:
            if let slot = try openSlot(frame) { try setEnd(slot, frame.position) }
        case .window:
            guard let slot = try openSlot(frame) else { return }
            streams[slot].sendLimit = max(streams[slot].sendLimit, frame.position)
            touched.append(slot)
            queueSender(slot)
        case .reset: try applyReset(frame, &pool)
        case .done: try applyDone(frame)
        }
    }

    /// The slot of the stream of `frame`, established by it at the client; nil if it has ended.
    private mutating func openSlot(_ frame: Frame) throws(Violation) -> Int? {
        guard let number = StreamNumber(rawValue: frame.stream), number.slot < terms.slots
        else { throw .outOfRange }
        let stream = self[number.slot]
        guard number.generation <= stream.generation else { throw .unknownStream }
        guard number.generation == stream.generation else { return nil }
        if role == .client { wasOpened(number) }
        switch self[number.slot].phase {
        case .open: return number.slot
        case .opening: throw .unknownStream
        case .free, .refused, .ended, .closing: return nil
        }
    }

    private mutating func admit(_ frame: Frame, _ slot: Int) throws(Violation) {
        let end = frame.position + UInt64(frame.count)
        guard end <= streams[slot].granted else { throw .streamWindow }
        guard end <= streams[slot].final ?? .max else { throw .beyondEnd }
        streams[slot].highest = max(streams[slot].highest, end)
    }

    private mutating func setEnd(_ slot: Int, _ end: UInt64) throws(Violation) {
        guard end >= streams[slot].highest, end == streams[slot].final ?? end
        else { throw .beyondEnd }
        streams[slot].final = end
        touched.append(slot)
    }

    private mutating func applyReset(
        _ frame: Frame,
        _ pool: inout BlockPool
    ) throws(Violation) {
        let reason = ResetReason(rawValue: frame.code) ?? .other
        guard role == .client else {
            guard let number = StreamNumber(rawValue: frame.stream) else { return }
            try end(number, reason, &pool)
            return
        }
        guard let slot = try openSlot(frame) else { return }
        streams[slot].peerReset = reason
        touched.append(slot)
        guard streams[slot].readableByteCount > 0 else { return close(slot, &pool) }
        // The caller passes on what has come in order, then resets the stream.
        streams[slot].outgoingEnded = true
        streams[slot].offered = 0
        streams[slot].wants = []
    }

    private mutating func applyDone(_ frame: Frame) throws(Violation) {
        guard role == .client else { throw .wrongRole }
        guard let number = StreamNumber(rawValue: frame.stream), number.slot < terms.slots
        else { throw .outOfRange }
        let stream = self[number.slot]
        guard number.generation <= stream.generation else { throw .unknownStream }
        guard number.generation == stream.generation, stream.phase != .free else { return }
        wasOpened(number)
        streams[number.slot].isDone = true
        if stream.phase == .closing { release(number.slot) }
    }
}

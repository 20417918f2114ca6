public import Connect

// MARK: Opening, at the server

/// What comes of a request to open a stream.
public enum Opening: Equatable, Sendable {
    /// A new stream: decide and dial.
    case new
    /// It is being opened: this request waits for the outcome, the one before is busy.
    case waits
    /// It is established.
    case opened
    /// It was refused.
    case refused(Refusal)
    /// It has ended.
    case gone
    /// The last stream of the slot has not ended.
    case busy
    /// The server takes no new streams.
    case draining
}

extension Session {
    /// The client asks for the stream `number`, for the first time or again.
    ///
    /// - Parameters:
    ///   - number: Which.
    ///   - fingerprint: What tells its authority from others.
    /// - Returns: What to do, or to answer.
    /// - Throws: If it names another authority than before, or a slot that doesn't exist.
    public mutating func open(
        _ number: StreamNumber,
        fingerprint: UInt64
    ) throws(Violation) -> Opening {
        precondition(role == .server)
        guard number.slot < terms.slots else { throw .outOfRange }
        let last = self[number.slot]
        guard number.generation >= last.generation else { return .gone }
        guard number.generation == last.generation else {
            guard !last.isLive else { return .busy }
            guard !isDraining else { return .draining }
            begin(number, fingerprint: fingerprint)
            return .new
        }
        switch last.phase {
        case .free, .closing, .ended: return .gone
        case .opening, .open, .refused: break
        }
        guard last.fingerprint == fingerprint else { throw .otherAuthority }
        if let refusal = last.refusal { return .refused(refusal) }
        return last.phase == .open ? .opened : .waits
    }

    /// The connection of the stream in `slot` is made.
    ///
    /// - Returns: Whether it is open now; not if its client has ended it meanwhile.
    public mutating func didConnect(_ slot: Int) -> Bool {
        precondition(role == .server)
        guard streams[slot].phase == .opening else { return false }
        streams[slot].phase = .open
        return true
    }

    /// The stream in `slot` can't be.
    ///
    /// - Returns: Whether it is refused now; not if its client has ended it meanwhile.
    public mutating func refuse(_ slot: Int, _ refusal: Refusal) -> Bool {
        precondition(role == .server)
        guard streams[slot].phase == .opening else { return false }
        streams[slot].phase = .refused
        streams[slot].refusal = refusal
        return true
    }

    /// The client ends the stream `number`, by a request or a frame; it may never have opened it.
    ///
    /// - Returns: Whether there was such a stream, ended or not.
    @discardableResult
    public mutating func end(
        _ number: StreamNumber,
        _ reason: ResetReason,
        _ pool: inout BlockPool
    ) throws(Violation) -> Bool {
        precondition(role == .server)
        guard number.slot < terms.slots else { throw .outOfRange }
        let last = self[number.slot]
        guard number.generation >= last.generation else { return false }
        if number.generation > last.generation {
            guard !last.isLive else { throw .unknownStream }
            begin(number, fingerprint: 0)
            streams[number.slot].phase = .ended
        } else if last.isLive {
            streams[number.slot].peerReset = reason
            close(number.slot, &pool)
            touched.append(number.slot)
        }
        want(.done, number.slot)
        return true
    }
}

// MARK: Opening, at the client

extension Session {
    /// Takes a slot for a new stream; none if all have one.
    public mutating func beginOpening() -> StreamNumber? {
        precondition(role == .client)
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = Int(free)
        } else if streams.count < terms.slots {
            slot = streams.count
        } else {
            return nil
        }
        let number = StreamNumber(slot: slot, generation: self[slot].generation + 1)
        begin(number, fingerprint: 0)
        return number
    }

    /// The server has opened the stream `number`; what comes late says nothing new.
    public mutating func wasOpened(_ number: StreamNumber) {
        guard role == .client, isOpening(number) else { return }
        streams[number.slot].phase = .open
        touched.append(number.slot)
        queueSender(number.slot)
    }

    /// The server will not open the stream `number`; its slot is free again.
    public mutating func wasRefused(_ number: StreamNumber) {
        guard role == .client, isOpening(number) else { return }
        release(number.slot)
        touched.append(number.slot)
    }

    private func isOpening(_ number: StreamNumber) -> Bool {
        let stream = self[number.slot]
        return stream.generation == number.generation && stream.phase == .opening
    }

    /// Makes the slot free, unless it has had all its generations.
    mutating func release(_ slot: Int) {
        streams[slot].phase = .free
        streams[slot].wants = []
        guard streams[slot].generation < StreamNumber.generationMax else { return }
        freeSlots.append(UInt16(slot))
    }
}

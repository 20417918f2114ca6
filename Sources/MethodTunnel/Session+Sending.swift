// MARK: What goes on the lanes

extension Session {
    /// Bytes of data in one frame, at most, so that streams take turns.
    static var turnByteCount: Int { 16384 }
    /// Less room than this isn't filled with a part of what waits.
    static var smallest: Int { 512 }

    /// An answer that has less room than this may get no frame though some wait.
    public static var roomMin: Int { Frame.headerByteCount + smallest }

    /// Puts the next frame on `lane`.
    ///
    /// The caller writes the header, and for DATA the next `count` bytes of the stream's source,
    /// into the outlet's ring, where the lane ended before.
    ///
    /// - Parameters:
    ///   - lane: Which lane.
    ///   - limit: Bytes that the frame may have, header included.
    /// - Returns: The frame; nil if there is none for this lane, or no room.
    public mutating func nextFrame(_ lane: Int, limit: Int = .max) -> Frame? {
        let room = min(outlets[lane].room, sharedRoom(lane), limit)
        guard room >= Frame.headerByteCount else { return nil }
        guard let frame = nextControl() ?? nextData(lane, room) else { return nil }
        outlets[lane].append(Frame.headerByteCount + frame.count)
        if frame.kind == .data, let number = StreamNumber(rawValue: frame.stream) {
            streams[number.slot].laneEnds[lane] = outlets[lane].end
        }
        return frame
    }

    /// What `lane` may keep more, for all lanes together; one that stands still leaves each other a
    /// part.
    private func sharedRoom(_ lane: Int) -> Int {
        guard terms.keptMax < .max else { return .max }
        var kept = 0
        for other in outlets.indices { kept += outlets[other].keptByteCount }
        let own = max(terms.laneCapacity / 8, 1024) - outlets[lane].keptByteCount
        return max(own, terms.keptMax - kept)
    }

    /// Puts a frame on `lane` that says nothing; false if there is no room.
    ///
    /// The caller writes its header.
    public mutating func pad(_ lane: Int) -> Frame? {
        guard outlets[lane].room >= Frame.headerByteCount else { return nil }
        outlets[lane].append(Frame.headerByteCount)
        return Frame(.pad)
    }

    /// Whether to tell how far this client has `lane`.
    ///
    /// That takes a request: it goes with what is to be told anyway, or else late. What came last
    /// on a lane that is asked for no more is told at once.
    private func keptIsDue(_ lane: Int) -> Bool {
        guard inlets[lane].taken > keptTold[lane] else { return false }
        let part = controls.count > 0 ? 8 : 2
        return lane >= askedLanes
            || tellsKept
                && inlets[lane].taken - keptTold[lane] >= UInt64(terms.peerLaneCapacity / part)
    }

    private mutating func nextControl() -> Frame? {
        for lane in 0..<terms.lanes where keptIsDue(lane) {
            keptTold[lane] = inlets[lane].taken
            return Frame(.kept, code: UInt8(lane), position: keptTold[lane])
        }
        if sessionWindowIsDue {
            raiseSessionWindow()
            return Frame(.window, position: granted)
        }
        if wantsDrain {
            wantsDrain = false
            return Frame(.drain)
        }
        while let slot = controls.popFirst() {
            guard let frame = nextControl(of: slot) else { continue }
            if !streams[slot].wants.isEmpty { controls.append(slot) }
            return frame
        }
        return nil
    }

    private mutating func nextControl(of slot: Int) -> Frame? {
        let generation = streams[slot].generation
        guard generation > 0 else { return nil }
        let number = StreamNumber(slot: slot, generation: generation).rawValue
        if streams[slot].wants.remove(.reset) != nil {
            return Frame(.reset, code: streams[slot].resetReason.rawValue, stream: number)
        }
        if streams[slot].wants.remove(.window) != nil {
            streams[slot].granted = streams[slot].consumed + UInt64(terms.streamWindow)
            return Frame(.window, stream: number, position: streams[slot].granted)
        }
        guard streams[slot].wants.remove(.done) != nil else { return nil }
        return Frame(.done, stream: number)
    }

    private mutating func nextData(_ lane: Int, _ room: Int) -> Frame? {
        for _ in 0..<senders.count {
            guard let slot = senders.popFirst() else { return nil }
            guard streams[slot].canSend else { continue }
            let frame = nextData(lane, room, slot)
            if streams[slot].canSend { senders.append(slot) }
            if let frame { return frame }
        }
        return nil
    }

    private mutating func nextData(_ lane: Int, _ room: Int, _ slot: Int) -> Frame? {
        let number = StreamNumber(slot: slot, generation: streams[slot].generation).rawValue
        let wanted = min(
            streams[slot].offered,
            Self.turnByteCount,
            Int(streams[slot].sendLimit - streams[slot].sent)
        )
        guard streams[slot].offered > 0 else {
            streams[slot].outgoingEnded = true
            finish(slot)
            return Frame(.end, stream: number, position: streams[slot].sent)
        }
        let allowed = min(wanted, share(of: slot, wanted: wanted))
        let count = min(allowed, room - Frame.headerByteCount)
        guard count > 0, count >= min(allowed, Self.smallest),
            streams[slot].maySend(on: lane, outlets[lane])
        else { return nil }
        let frame = Frame(.data, count: count, stream: number, position: streams[slot].sent)
        streams[slot].lane = lane
        streams[slot].sent += UInt64(count)
        streams[slot].offered -= count
        sentByteCount += UInt64(count)
        return frame
    }
}

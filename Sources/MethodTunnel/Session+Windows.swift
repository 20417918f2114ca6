// MARK: Windows

/// How streams share the window of the session, so that those that stand still leave the others
/// some of it, however many they are.
///
/// While more than a quarter of it is left, each stream takes what it can. Of the last quarter, a
/// stream has at most an eighth of what is left then under way: many that begin at once and stand
/// still take it only by and by. So the sender must know which streams go on: when less than a
/// quarter is left to it, the receiver tells of small raises, too.
extension Session {
    // MARK: Sending

    /// How many of the `wanted` bytes of the stream in `slot` the session's window lets through.
    func share(of slot: Int, wanted: Int) -> Int {
        let left = Int(sendLimit - sentByteCount)
        let stream = Int(streams[slot].sent) + terms.peerStreamWindow
        let underWay = max(stream - Int(streams[slot].sendLimit), 0)
        let part = (left + 8 - 8 * underWay) / 9
        // What is left grows by little and little: that isn't worth a frame each time.
        let isWorthIt = part >= min(wanted, Self.smallest, left / 64)
        return max(left - terms.peerSessionWindow / 4, isWorthIt ? part : 0)
    }

    // MARK: Receiving

    /// What the other end may still send, on all streams.
    private var leftToPeer: UInt64 {
        granted > receivedByteCount ? granted - receivedByteCount : 0
    }

    private var quarter: UInt64 { UInt64(terms.sessionWindow / 4) }

    /// Whether to tell a new limit of the session: when a quarter of its window has been used, or
    /// what is left to the other end can be doubled.
    var sessionWindowIsDue: Bool {
        let raise = consumedByteCount + UInt64(terms.sessionWindow) - granted
        return raise >= min(quarter, max(leftToPeer, 1))
    }

    /// The limit of the session is raised as far as it can be.
    mutating func raiseSessionWindow() {
        granted = consumedByteCount + UInt64(terms.sessionWindow)
        lookLater()
    }

    /// Has a new limit of the stream in `slot` told if it is worth it.
    mutating func raiseWindowIfDue(_ slot: Int) {
        let window = UInt64(terms.streamWindow)
        let raise = streams[slot].consumed + window - streams[slot].granted
        // What a client tells takes a request, what a server tells goes with what it sends anyway.
        var least = window / (role == .client ? 2 : 4)
        if leftToPeer <= quarter { least = min(least, max(leftToPeer / 32, 1)) }
        guard streams[slot].final == nil, streams[slot].peerReset == nil else { return }
        if raise >= least { want(.window, slot) }
    }

    /// Bytes have come: the less is left to the other end, the smaller are the raises of streams
    /// that it has to know.
    mutating func lookForWindows() {
        guard leftToPeer <= lookBelow else { return }
        for slot in streams.indices where streams[slot].phase == .open { raiseWindowIfDue(slot) }
        lookLater()
    }

    private mutating func lookLater() {
        lookBelow = leftToPeer > quarter ? quarter : leftToPeer / 2
    }
}

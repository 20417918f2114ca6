internal import Kernel
internal import Relay
internal import Resolver

/// A side that breaks, and what is still on its way to the other.
///
/// Who has closed while bytes are still sent to it answers them with a reset; what it has sent
/// itself, up to its FIN, can be read even so, and is delivered. From then on the tunnel goes on
/// without that side: what is meant for it is thrown away. Once the other side has been sent all,
/// it lingers: it may go on sending until it has had time to read the end, or, where a reset ends
/// it, until the kernel has brought it all that comes before.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    /// The direction whose source has broken, if the tunnel goes on for the other side.
    private var broken: Direction? {
        guard state == .relaying, let ending else { return nil }
        return ending.side == .client ? .outbound : .inbound
    }

    /// Whether the sink of `direction` has broken.
    func lacksSink(_ direction: Direction) -> Bool { broken == direction.reverse }

    /// Bytes move in `direction`; those that are thrown away don't count.
    mutating func noteActivity(_ direction: Direction, _ worker: borrowing Worker) {
        guard !lacksSink(direction) else { return }
        lastActivity = worker.now
        awaitsAnswer = direction == .outbound
    }

    /// The reset that ends what can be read from the source of `direction`, if no FIN does.
    func resetAtEnd(_ direction: Direction) -> Int32? {
        guard lacksSink(direction.reverse), !holdings[direction].hasSentEnd,
            let code = ending?.code
        else { return nil }
        return code == Errno.connectionReset ? code : nil
    }

    /// Whether all that the source of `direction` sent, up to its FIN, has been passed on.
    func hasEnded(_ direction: Direction) -> Bool {
        duplex[direction].phase == .ended && !owesReset
    }

    // MARK: What was reported

    /// Reading from the source of `direction` failed.
    mutating func fail(source direction: Direction, _ code: Int32, _ worker: inout Worker) {
        guard state == .relaying, broken ?? direction == direction, isAtRest(direction), !isStream,
            code == Errno.connectionReset
        else { return fail(direction.source, code, &worker) }
        ending = ending ?? Ending(cause: .reset, side: direction.source, code: code)
        if isMoving { stay(&worker) }
        _ = duplex[direction].sourceEnded()
        releasePipe(direction, &worker)
        passOnReset(direction, &worker)
    }

    /// Whether the flow of `direction` holds nothing, and nothing is under way for its sink.
    private func isAtRest(_ direction: Direction) -> Bool {
        duplex[direction].held == 0 && !duplex[direction].isHeldUp
    }

    /// Writing to the sink of `direction` failed: the step by which the flow goes on without it;
    /// nil if the tunnel has ended.
    mutating func fail(
        sink direction: Direction,
        _ code: Int32,
        _ worker: inout Worker
    ) -> Flow.Step? {
        // A receive may have taken the error before.
        let code = holdings[direction.reverse].sourceError ?? code
        guard goesOn(without: direction.reverse, code, &worker) else {
            fail(direction.sink, code, &worker)
            return nil
        }
        return throwAway(direction, &worker)
    }

    /// The source of `direction`, which may not be read at present, has broken.
    mutating func sourceBroke(_ direction: Direction, _ worker: inout Worker) {
        // If it is read, that tells more; but should it stall, nobody else tells.
        guard duplex[direction].isHeldUp else {
            holdings[direction].hasBroken = true
            return
        }
        let code = worker.queue.takeError(of: source(direction))
        // Whoever has taken the error tells.
        guard code > 0 || duplex[direction].phase == .ended else { return }
        guard !goesOn(without: direction, code, &worker) else { return }
        fail(direction.source, code, &worker)
    }

    private mutating func fail(_ side: Side, _ code: Int32, _ worker: inout Worker) {
        // A reset is passed on, but not to a side that has had its FIN.
        if side == .client, duplex.resets(.upstream) { worker.queue.makeAbortive(upstream) }
        if side == .upstream, duplex.resets(.client), client >= 0 {
            worker.queue.makeAbortive(client)
        }
        end(Ending(cause: .reset, side: side, code: code), &worker)
    }

    // MARK: Going on without a side

    /// Whether the tunnel goes on for the other side although the source of `direction` has broken.
    private mutating func goesOn(
        without direction: Direction,
        _ code: Int32,
        _ worker: inout Worker
    ) -> Bool {
        guard state == .relaying else { return false }
        guard broken != direction else { return true }
        guard broken == nil, hasMoreToGive(direction, code) else { return false }
        ending = Ending(cause: .reset, side: direction.source, code: code)
        if isMoving { stay(&worker) }
        if lingers { beginLingering(&worker) } else { scheduleRelayTimer(&worker) }
        return true
    }

    /// Whether what the source of `direction` sent before it broke with `code` is, or will be, with
    /// the sink.
    private func hasMoreToGive(_ direction: Direction, _ code: Int32) -> Bool {
        if duplex[direction].phase == .ended || holdings[direction].hasSentEnd { return true }
        switch code {
        // The kernel tells so of a reset behind a FIN, unless FIN has been sent there, too.
        case Errno.brokenPipe: return true
        // What came before a reset isn't kept for a sink without room.
        case Errno.connectionReset:
            return duplex[direction].phase == .paused || !duplex[direction].isHeldUp
        default: return false
        }
    }

    /// Throws away what the flow of `direction` holds for its sink, which has broken; the next
    /// step, or nil if that was enough.
    mutating func throwAway(_ direction: Direction, _ worker: inout Worker) -> Flow.Step? {
        discarded &+= duplex[direction].held
        // A session holds back its client by itself.
        guard !lingers || isStream || discarded < Tunnel.discardMax else {
            terminate(&worker)
            return nil
        }
        // If bytes are in it, it isn't used again.
        releasePipe(direction, &worker)
        return duplex[direction].sinkIsGone()
    }

    // MARK: Lingering

    /// Whether all that is left is to let a side go on sending that has been sent all.
    var lingers: Bool {
        guard let broken else { return false }
        return duplex[broken].phase == .ended
    }

    /// The socket of the side that lingers; -1 if it has none.
    var lingering: Int32 {
        guard let broken else { return -1 }
        return sink(broken)
    }

    /// Nanoseconds until it is looked whether that is over: soon where a reset is to follow, and
    /// more seldom the longer nothing moves.
    func lingerLook(_ worker: borrowing Worker) -> UInt64 {
        let silence = worker.now.nanoseconds(since: lastActivity)
        return owesReset ? max(silence, 20_000_000) : Self.lingerNanoseconds
    }

    /// A side has been sent all that the other sent, and its FIN, unless a reset is to follow.
    mutating func beginLingering(_ worker: inout Worker) {
        discarded = 0
        unacknowledged = UInt32(clamping: unacknowledgedBytes(&worker))
        lastActivity = worker.now
        scheduleRelayTimer(&worker)
        guard owesReset, let reverse = broken?.reverse, duplex[reverse].phase == .ended
        else { return }
        // It isn't read: only a watch sees it break.
        watchHangUp(reverse, &worker)
    }

    /// What the kernel still has for the side that lingers.
    private func unacknowledgedBytes(_ worker: inout Worker) -> Int {
        lingering < 0 ? 0 : worker.queue.unacknowledgedBytes(of: lingering)
    }

    /// All has been passed on that came before a reset of the source of `direction`: now that.
    mutating func passOnReset(_ direction: Direction, _ worker: inout Worker) {
        owesReset = true
        beginLingering(&worker)
        if sink(direction) < 0 || unacknowledged == 0 { terminate(&worker) }
    }

    /// Ends the tunnel if the side that lingers takes nothing any more, or has all before a reset.
    ///
    /// A reset would overtake what the kernel still has for it, and so would one for what it sends.
    mutating func linger(_ worker: inout Worker) {
        let left = UInt32(clamping: unacknowledgedBytes(&worker))
        if left < unacknowledged { lastActivity = worker.now }
        unacknowledged = left
        let isOver = lastActivity + Self.lingerNanoseconds <= worker.now
        guard isOver || owesReset && left == 0 else { return scheduleRelayTimer(&worker) }
        terminate(&worker)
    }
}

internal import Kernel
internal import Relay
internal import Resolver

/// A side that breaks, and what is still on its way to the other.
///
/// Who has closed while bytes are still sent to it answers them with a reset; what it has sent
/// itself, up to its FIN, can be read even so, and is delivered. From then on the tunnel goes on
/// without that side: what is meant for it is thrown away. Once the other side has had all, and its
/// FIN, it may go on sending for a while: it lingers.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    /// The side that has broken, if the tunnel goes on for the other.
    private var brokenSide: Side? { state == .relaying ? ending?.side : nil }

    /// Whether the sink of `direction` has broken.
    func lacksSink(_ direction: Direction) -> Bool {
        ending != nil && brokenSide == sinkSide(direction)
    }

    /// Whether all that is left is to let a side go on sending that has had all, and its FIN.
    var lingers: Bool {
        guard let brokenSide else { return false }
        return duplex[brokenSide == .client ? .outbound : .inbound].phase == .ended
    }

    /// The reset that ended what can be read from the source of `direction`, if no FIN did.
    func resetAtEnd(_ direction: Direction) -> Int32? {
        guard lacksSink(direction.reverse), let code = ending?.code else { return nil }
        return code == Errno.connectionReset ? code : nil
    }

    private func sourceSide(_ direction: Direction) -> Side {
        direction == .outbound ? .client : .upstream
    }

    private func sinkSide(_ direction: Direction) -> Side { sourceSide(direction.reverse) }

    // MARK: What was reported

    /// Reading from the source of `direction` failed.
    mutating func fail(source direction: Direction, _ code: Int32, _ worker: inout Worker) {
        fail(sourceSide(direction), code, &worker)
    }

    /// Writing to the sink of `direction` failed: the step by which the flow goes on without it;
    /// nil if the tunnel has ended.
    mutating func fail(
        sink direction: Direction,
        _ code: Int32,
        _ worker: inout Worker
    ) -> Flow.Step? {
        guard goesOn(without: direction.reverse, code, &worker) else {
            fail(sinkSide(direction), code, &worker)
            return nil
        }
        return throwAway(direction, &worker)
    }

    /// The source of `direction`, which isn't being read, has broken.
    mutating func sourceBroke(_ direction: Direction, _ worker: inout Worker) {
        let code = worker.queue.takeError(of: source(direction))
        guard !goesOn(without: direction, code, &worker) else { return }
        fail(source: direction, code > 0 ? code : Errno.connectionReset, &worker)
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
        let side = sourceSide(direction)
        guard brokenSide != side else { return true }
        guard brokenSide == nil, hasMoreToGive(direction, code) else { return false }
        ending = Ending(cause: .reset, side: side, code: code)
        lastActivity = worker.now
        scheduleRelayTimer(&worker)
        return true
    }

    /// Whether what the source of `direction` sent before it broke with `code` is, or will be, with
    /// the sink.
    private func hasMoreToGive(_ direction: Direction, _ code: Int32) -> Bool {
        switch code {
        case _ where duplex[direction].phase == .ended: true
        // The kernel tells so of a reset behind a FIN.
        case Errno.brokenPipe: true
        // What came before a reset isn't kept for a sink without room.
        case Errno.connectionReset: !duplex[direction].isHeldUp
        default: false
        }
    }

    /// Throws away what the flow of `direction` holds for its sink, which has broken; the next step,
    /// or nil if that was enough.
    mutating func throwAway(_ direction: Direction, _ worker: inout Worker) -> Flow.Step? {
        discarded += Int(duplex[direction].held)
        guard !lingers || discarded < Tunnel.discardMax else {
            terminate(&worker)
            return nil
        }
        // If bytes are in it, it isn't used again.
        releasePipe(direction, &worker)
        return duplex[direction].sinkIsGone()
    }
}

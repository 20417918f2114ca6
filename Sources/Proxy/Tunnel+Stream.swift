internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel
internal import Policy
internal import Relay
internal import Resolver

/// A tunnel that serves a stream of a session.
///
/// It is judged, resolved, dialled, timed and told of like any other. The client's side of both its
/// flows is the session: what comes from there is copied into memory of the tunnel before it is
/// sent, so that the session's is never the kernel's; what goes there is offered, and stays in the
/// buffer until the session has put it on a lane.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    /// A client has asked for a stream by a request that came from `client`.
    mutating func beginStream(
        _ authority: Authority?,
        number: UInt64,
        client: Endpoint?,
        _ worker: inout Worker
    ) {
        begin(&worker)
        isStream = true
        if worker.keepsRecords { keepRecord(number, of: client, &worker) }
        guard let opening else { return }
        worker.openings[opening].authority = authority
    }

    /// Tells the session that the stream is refused, and why.
    mutating func refuseStream(
        _ refusal: Refusal,
        as ending: Ending,
        _ worker: inout Worker
    ) {
        worker.counters.refused.add()
        worker.sessions.refuse(slot, refusal)
        end(ending, &worker)
    }

    /// How its flows may move bytes.
    func rules(_ worker: borrowing Worker) -> FlowRules {
        isStream ? worker.terms.streamFlow : worker.terms.flow
    }

    /// Whether a flow of `direction` does `operation` by the ring: not towards or from a session.
    func isOfRing(_ operation: Operation, _ direction: Direction) -> Bool {
        guard isStream else { return true }
        switch operation {
        case .send, .watchSink: return direction == .outbound
        default: return direction == .inbound
        }
    }

    // MARK: What the session reports

    /// Bytes of the client have come, or its end.
    mutating func sessionMoved(_ worker: inout Worker) {
        switch state {
        case .readingHello: readHelloOfStream(&worker)
        case .relaying:
            guard let step = pull(&worker) else { return }
            takeOfStream(step, .outbound, &worker)
        default: break
        }
    }

    /// The client has reset the stream.
    mutating func sessionReset(_ worker: inout Worker) {
        guard state == .relaying || state == .readingHello else {
            return end(Ending(cause: .clientLeft, side: .client), &worker)
        }
        fail(source: .outbound, Errno.connectionReset, &worker)
    }

    /// The session has ended, and knows nothing of its streams any more.
    mutating func sessionEnded(_ worker: inout Worker) {
        worker.sessions.forget(slot)
        if upstream >= 0, duplex.resets(.upstream) { worker.queue.makeAbortive(upstream) }
        end(Ending(cause: .sessionEnded, side: .client), &worker)
    }

    /// The next `count` bytes that were offered.
    func offered(_ count: Int, _ worker: borrowing Worker) -> Extent {
        let start = Int(duplex.inbound.offset)
        return held(.inbound, worker).part(start..<(start + count))
    }

    /// `count` bytes that were offered are on a lane.
    mutating func didPut(_ count: Int, _ worker: inout Worker) {
        noteActivity(.inbound, worker)
        var step = sent(count, .inbound, worker)
        // What is left stays offered.
        if step == .watchSink { step = duplex.inbound.sinkIsReady() }
        guard step != .send else { return }
        takeOfStream(step, .inbound, &worker)
    }

    /// Why the stream is reset for its client; nil if it has ended in order.
    var resetReason: ResetReason? {
        guard let ending, !ending.cutsOff else { return .other }
        switch ending.cause {
        case .closed: return nil
        case .reset where ending.side == .upstream && hasEnded(.inbound):
            return duplex.outbound.phase == .ended ? nil : .timedOut
        case .reset where ending.side == .upstream:
            return ending.code == Errno.connectionReset ? .connectionReset : .connectionFailed
        case .idleTimeout, .halfClosedTimeout: return .timedOut
        case .lifetime, .ruleLifetime: return .lifetime
        case .ruleBytes: return .limit
        case .drained, .stopped: return .draining
        case .tlsRefused where ending.tls == .timeout: return .timedOut
        case .reset, .clientLeft, .sessionEnded: return .ended
        case .forbidden, .refused, .parentRefused, .tlsRefused: return .other
        }
    }

    // MARK: Holding until it is TLS

    /// Holds what the client sends until it is a ClientHello, as `receiveHello` does.
    private mutating func readHelloOfStream(_ worker: inout Worker) {
        while state == .readingHello, let opening {
            let range = worker.openings[opening].received..<HelloParser.byteCountMax
            let room = worker.openings.block(opening).part(range)
            let count = worker.sessions.read(slot, into: room)
            guard count > 0 || worker.sessions.isAtEnd(slot) else { return }
            didReceiveHello(Int32(count), &worker)
        }
    }

    // MARK: The next step

    /// Takes `first` and what follows from it, until something has been submitted or offered.
    mutating func takeOfStream(
        _ first: Flow.Step,
        _ direction: Direction,
        _ worker: inout Worker
    ) {
        var next: Flow.Step? = first
        while state == .relaying, let step = next {
            if isLimited, hasMovedAll(worker) { return endByLimit(.ruleBytes, &worker) }
            next =
                direction == .outbound ? takeOutbound(step, &worker) : takeInbound(step, &worker)
        }
    }

    private mutating func takeOutbound(
        _ step: Flow.Step,
        _ worker: inout Worker
    ) -> Flow.Step? {
        switch step {
        case .watchSource, .receive: return pull(&worker)
        case .cancelReceive:
            // It parks: nothing is under way that would have to be given up.
            emptyOverflow(.outbound, &worker)
            return duplex.outbound.receiveWasCancelled()
        case .send:
            guard lacksSink(.outbound) else {
                send(.outbound, &worker)
                return nil
            }
            return throwAway(.outbound, &worker)
        case .releaseBuffer:
            // The tunnel's own memory stays as it is while bytes come.
            if !holdings[.outbound].overflows { releaseBuffer(.outbound, &worker) }
            return duplex.outbound.next(worker.terms.streamFlow, sourceHasMore: false)
        case .watchSink:
            let token = submitted(.watchSink, Direction.outbound.rawValue)
            worker.queue.poll(upstream, events: .writable, token: token)
            return nil
        case .shutdownSink:
            // Nothing more will be taken into it.
            emptyOverflow(.outbound, &worker)
            passOnEnd(.outbound, &worker)
            return nil
        case .none, .awaitBuffer, .moveIn, .moveOut: return nil
        }
    }

    private mutating func takeInbound(
        _ step: Flow.Step,
        _ worker: inout Worker
    ) -> Flow.Step? {
        switch step {
        case .watchSource:
            let token = submitted(.watchSource, Direction.inbound.rawValue)
            worker.queue.poll(upstream, events: .readable, token: token)
        case .receive(let afterPoll): receive(.inbound, afterPoll, &worker)
        case .cancelReceive: cancel(.receive, detail: Direction.inbound.rawValue, &worker)
        case .awaitBuffer:
            worker.buffers.ranOut()
            worker.buffers.line.join(slot, .inbound)
        case .send:
            // A client that doesn't ask must not keep a buffer from others.
            if worker.buffers.isTight { moveAside(.inbound, &worker) }
            worker.sessions.offer(slot, Int(duplex.inbound.held))
        case .releaseBuffer:
            releaseBuffer(.inbound, &worker)
            let hasMore = holdings[.inbound].sourceHasMore
            return duplex.inbound.next(worker.terms.streamFlow, sourceHasMore: hasMore)
        case .shutdownSink: passOnEnd(.inbound, &worker)
        case .none, .watchSink, .moveIn, .moveOut: break
        }
        return nil
    }

    /// Takes what the session has for the upstream, if that can have it now.
    private mutating func pull(_ worker: inout Worker) -> Flow.Step? {
        let phase = duplex.outbound.phase
        guard phase == .receiving || phase == .watching else { return nil }
        guard worker.sessions.hasNews(slot) else { return nil }
        if phase == .watching {
            guard mayRead(.outbound, &worker) else { return nil }
            _ = duplex.outbound.sourceIsReady()
        }
        let block = worker.overflow[overflowBlock(.outbound)]
        let room = block.part(0..<readMax(.outbound, worker.receiveBytesMax, worker))
        let count = worker.sessions.read(slot, into: room)
        haveRead(.outbound, Int32(count), &worker)
        guard count > 0 else { return duplex.outbound.sourceEnded() }
        holdings[.outbound].overflows = true
        noteActivity(.outbound, worker)
        return duplex.outbound.received(count, worker.terms.streamFlow)
    }
}

internal import Kernel

/// What a client tunnel does once it stands, and how it ends.
extension ClientTunnel {
    // MARK: Running

    /// Begins what the scenario is about.
    mutating func run(_ client: inout ClientServices) {
        if state == .idle { client.idle -= 1 }
        state = .running
        let script = client.script
        switch script.scenario {
        case .hold, .echo, .rate, .hostile: sendMessage(&client)
        case .mix: runKind(&client)
        case .verify: runExchange(&client)
        case .bulk:
            conduit.incoming.due = course.order.down
            conduit.outgoing.ready = script.direction.hasUp ? Order.unlimited : 0
            pump(&client)
        }
    }

    /// Sends one stream and takes the other.
    mutating func runExchange(_ client: inout ClientServices) {
        conduit.incoming.due = course.order.down
        conduit.outgoing.ready = course.firstPart
        if course.order.turn != .originFirst { conduit.outgoing.end = course.order.up }
        pump(&client)
    }

    private mutating func sendMessage(_ client: inout ClientServices) {
        sendMessage(of: client.script.size, due: client.station.now, &client)
    }

    /// Sends a message of `size` bytes that was due at `due`.
    mutating func sendMessage(of size: Int, due: Instant, _ client: inout ClientServices) {
        messageBegan = due
        conduit.lastProgress = client.station.now
        conduit.outgoing.ready += UInt64(size)
        conduit.incoming.due += UInt64(size)
        pump(&client)
    }

    // MARK: Receiving

    mutating func didReceive(_ completion: Completion, _ client: inout ClientServices) {
        if let bytes = client.station.bytes(completion) {
            moved(client)
            take(bytes, &client)
        } else if completion.result == 0 {
            didReceiveEnd(&client)
        } else if completion.result != -Errno.noBuffers {
            fail(.reset, ErrorName.text("receive", -completion.result), &client)
        }
        client.station.giveBack(completion)
        if !completion.hasMore { arm(isEmpty: !completion.leavesBytes, &client) }
    }

    /// Waits for what comes next; where a tunnel is to stand idle for long, by the cheaper poll.
    mutating func arm(isEmpty: Bool, _ client: inout ClientServices) {
        guard !isOver, !conduit.incoming.hasEnded else { return }
        if client.script.scenario == .hold, state == .idle || state == .settling {
            conduit.watch(&client.station)
        } else {
            conduit.receive(isEmpty: isEmpty, &client.station)
        }
    }

    /// Whether nothing more is to come of this life.
    var isOver: Bool { state == .free || state == .closing }

    /// Whether the tunnel doesn't stand yet.
    private var isOpening: Bool { [.connecting, .asking, .securing].contains(state) }

    /// Something has moved.
    ///
    /// Once the end has been sent, the other end has one timeout to follow, whatever it sends; but
    /// where streams went as fast as they could, what is on its way may take longer to come.
    mutating func moved(_ client: borrowing ClientServices) {
        guard state != .ending || client.script.scenario == .bulk else { return }
        conduit.lastProgress = client.station.now
    }

    private mutating func take(_ bytes: Extent, _ client: inout ClientServices) {
        guard state == .asking else { return takeTunnelled(bytes, &client) }
        guard let count = readAnswer(bytes, &client), count < bytes.count else { return }
        takeTunnelled(bytes.part(count..<bytes.count), &client)
    }

    /// Takes bytes that come through the tunnel: of the stream, or of TLS that holds it.
    private mutating func takeTunnelled(_ bytes: Extent, _ client: inout ClientServices) {
        guard conduit.isSecure else { return takeStream(bytes, &client) }
        conduit.feed(bytes, client.station)
        openStream(&client)
    }

    /// Takes what TLS holds of the stream, and the handshake as far as it goes.
    mutating func openStream(_ client: inout ClientServices) {
        while !isOver, let bytes = openNext(&client) { takeStream(bytes, &client) }
        if state == .securing, conduit.isAgreed(client.station) { stand(&client) }
        if !isOver { conduit.flush(&client.station) }
    }

    private mutating func openNext(_ client: inout ClientServices) -> Extent? {
        switch conduit.open(client.station) {
        case .bytes(let bytes): return bytes
        case .nothing: return nil
        case .failed(let reason):
            fail(.insecure, reason, &client)
            return nil
        }
    }

    /// Checks the next bytes of the stream.
    private mutating func takeStream(_ bytes: Extent, _ client: inout ClientServices) {
        switch conduit.incoming.take(bytes, client.station.pattern) {
        case .fine:
            client.station.counters.bytes.add(bytes.count)
            countBytes(bytes.count, &client)
            if course.carriesMessages, conduit.incoming.received == conduit.incoming.due {
                messageIsBack(&client)
            }
        case .surplus: fail(.surplus, "", &client)
        case .wrong(let position): fail(.wrong, "", at: position, &client)
        }
    }

    private mutating func messageIsBack(_ client: inout ClientServices) {
        client.station.counters.messages.add()
        if isMeasured(client) {
            let nanoseconds = client.station.now.nanoseconds(since: messageBegan)
            if messageBegan < client.control.besideStart {
                client.station.tally.addTrip(nanoseconds, course.kind)
            } else {
                client.station.tally.addBesideTrip(nanoseconds)
            }
        }
        if course.kind != nil { return goOn(&client) }
        if client.script.messageSchedule != nil, sendWaiting(&client) { return }
        if client.script.scenario == .rate || client.phase >= .finish { return end(&client) }
        let standsIdle = client.script.scenario == .hold || client.script.schedule != nil
        guard standsIdle else { return sendMessage(&client) }
        state = .idle
        client.idle += 1
    }

    private mutating func didReceiveEnd(_ client: inout ClientServices) {
        conduit.incoming.hasEnded = true
        guard conduit.mayHaveEnded(client.station) else {
            return fail(.endedEarly, "without a word of TLS", &client)
        }
        let isAll =
            conduit.incoming.received == conduit.incoming.due
            || (course.order.down == Order.unlimited && conduit.outgoing.hasEnded)
        let mayEnd =
            state == .ending || (state == .running && !course.carriesMessages)
        guard isAll, mayEnd else {
            return fail(.endedEarly, "", at: conduit.incoming.received, &client)
        }
        if course.order.turn == .originFirst {
            conduit.outgoing.ready = course.order.up
            conduit.outgoing.end = course.order.up
            pump(&client)
        }
        finishIfDone(&client)
    }

    // MARK: Ending

    /// Ends the client's stream; the origin's must end too.
    mutating func end(_ client: inout ClientServices) {
        if state == .idle { client.idle -= 1 }
        state = .ending
        if client.script.scenario == .bulk {
            conduit.outgoing.stop()
        } else {
            conduit.outgoing.finish()
        }
        endBegan = client.station.now
        conduit.lastProgress = endBegan
        pump(&client)
        finishIfDone(&client)
    }

    /// Closes if both streams have ended as they should.
    mutating func finishIfDone(_ client: inout ClientServices) {
        guard state == .running || state == .ending else { return }
        guard conduit.incoming.hasEnded, conduit.outgoing.hasEnded else { return }
        conduit.countWell(client.station.counters)
        if isMeasured(client) {
            let nanoseconds = client.station.now.nanoseconds(since: began)
            client.station.tally.addLife(nanoseconds, course.kind)
        }
        state = .closing
        closeIfQuiet(&client)
    }

    /// Counts a failure and breaks the connection.
    mutating func fail(
        _ kind: Failure.Kind,
        _ detail: String,
        at position: UInt64? = nil,
        _ client: inout ClientServices
    ) {
        guard client.control.phase != .stop else { return drop(&client) }
        let order = course.order
        let place = position.map { ", byte \($0) of \(order.down)" } ?? ""
        let failure = Failure(.client, stage, kind, detail)
        client.station.tally.add(failure, "tunnel \(order.number)\(place)")
        if isOpening { client.station.counters.unopened.add() }
        client.station.counters.failed.add()
        client.station.tally.of(course.kind) { $0.failed += 1 }
        drop(&client)
    }

    /// Breaks the connection.
    mutating func drop(_ client: inout ClientServices) {
        switch state {
        case .idle: client.idle -= 1
        case .connecting, .asking, .securing: client.opening -= 1
        default: break
        }
        state = .closing
        guard conduit.socket >= 0 else {
            releaseOpening(&client)
            state = .free
            return
        }
        conduit.terminate(&client.station)
        closeIfQuiet(&client)
    }

    /// Fails if nothing has moved for the timeout, and something should have.
    mutating func failIfStalled(_ client: inout ClientServices) {
        guard state != .free, state != .idle, state != .closing else { return }
        let (now, timeout) = (client.station.now, client.script.timeout)
        let isStill = now.nanoseconds(since: conduit.lastProgress) > timeout
        // What goes on and on has not been told of the end.
        let isEndless =
            state == .ending && now.nanoseconds(since: endBegan) > Script.drainMax * timeout
        if isStill || isEndless { fail(.stalled, "", &client) }
    }

    mutating func closeIfQuiet(_ client: inout ClientServices) {
        guard conduit.closeIfQuiet(&client.station) else { return }
        releaseOpening(&client)
        state = .free
    }

    private var stage: Failure.Stage {
        switch state {
        case .free, .connecting: .connecting
        case .asking: .asking
        case .securing: .securing
        case .settling: .ordering
        case .idle: .idle
        case .running: .exchanging
        case .ending, .closing: .ending
        }
    }
}

internal import Kernel

/// The origin's end of a tunnel.
///
///     free → ordering → running → closing → free
struct OriginTunnel {
    enum State: UInt8 {
        case free, ordering, running, closing
    }

    private(set) var state = State.free
    private(set) var conduit: Conduit
    private var reader = OrderReader()
    private var order = Order()
    /// Which of the origin's endpoints it came to.
    private var endpoint = 0

    init(slot: UInt32) { conduit = Conduit(slot: slot) }

    /// A client has been accepted at `endpoint`.
    mutating func begin(_ socket: Int32, at endpoint: Int, _ origin: inout OriginServices) {
        precondition(state == .free)
        state = .ordering
        reader = OrderReader()
        order = Order()
        self.endpoint = endpoint
        conduit.begin(socket, now: origin.station.now)
        origin.station.counters.begun.add()
        if origin.station.security != nil, !conduit.secure(&origin.station) {
            return fail(.insecure, "no memory", &origin)
        }
        arm(isEmpty: false, &origin)
    }

    /// A submission for this tunnel has completed.
    mutating func handle(
        _ operation: Operation,
        _ completion: Completion,
        _ origin: inout OriginServices
    ) {
        conduit.completed(operation, completion)
        guard state != .closing else {
            origin.station.giveBack(completion)
            return closeIfQuiet(&origin)
        }
        switch operation {
        case .send: didSend(completion.result, &origin)
        case .room: roomAppeared(completion.result, &origin)
        case .receive: didReceive(completion, &origin)
        case .watch: conduit.receive(isEmpty: false, &origin.station)
        case .cancel: break
        case .accept, .endAccept, .bell, .connect, .close:
            preconditionFailure("not an origin's operation")
        }
    }

    // MARK: Receiving

    /// Waits for what comes next; where tunnels stand idle for long, by the cheaper poll.
    private mutating func arm(isEmpty: Bool, _ origin: inout OriginServices) {
        guard isOpen, !conduit.incoming.hasEnded else { return }
        if origin.isPatient {
            conduit.watch(&origin.station)
        } else {
            conduit.receive(isEmpty: isEmpty, &origin.station)
        }
    }

    private mutating func didReceive(_ completion: Completion, _ origin: inout OriginServices) {
        if let bytes = origin.station.bytes(completion) {
            takeTunnelled(bytes, &origin)
        } else if completion.result == 0 {
            didReceiveEnd(&origin)
        } else if completion.result != -Errno.noBuffers {
            fail(.reset, ErrorName.text("receive", -completion.result), &origin)
        }
        origin.station.giveBack(completion)
        if !completion.hasMore { arm(isEmpty: !completion.leavesBytes, &origin) }
    }

    /// Takes what has come: what the client says, or TLS that holds it.
    private mutating func takeTunnelled(_ bytes: Extent, _ origin: inout OriginServices) {
        guard conduit.isSecure else { return take(bytes, &origin) }
        conduit.feed(bytes, origin.station)
        while isOpen, let bytes = openNext(&origin) { take(bytes, &origin) }
        if isOpen { conduit.flush(&origin.station) }
    }

    private mutating func openNext(_ origin: inout OriginServices) -> Extent? {
        switch conduit.open(origin.station) {
        case .bytes(let bytes): return bytes
        case .nothing: return nil
        case .failed(let reason):
            fail(.insecure, reason, &origin)
            return nil
        }
    }

    private var isOpen: Bool { state == .ordering || state == .running }

    private mutating func take(_ bytes: Extent, _ origin: inout OriginServices) {
        guard state == .ordering else { return takeStream(bytes, &origin) }
        let taken = reader.take(bytes)
        guard reader.isComplete else { return }
        guard let order = reader.order else { return fail(.unreadable, "", &origin) }
        self.order = order
        guard origin.isMeant(order, for: endpoint) else { return fail(.misdirected, "", &origin) }
        obey(&origin)
        if taken < bytes.count { takeStream(bytes.part(taken..<bytes.count), &origin) }
    }

    /// Begins what the order asks for.
    private mutating func obey(_ origin: inout OriginServices) {
        state = .running
        origin.station.counters.established.add()
        conduit.incoming.start = order.start
        conduit.incoming.due = order.up
        conduit.incoming.isThorough = order.up != Order.unlimited || order.kind == .echo
        conduit.outgoing.start = order.answerStart
        guard order.kind == .exchange, order.turn != .clientFirst else { return }
        sendAll(&origin)
    }

    private mutating func sendAll(_ origin: inout OriginServices) {
        conduit.outgoing.ready = order.down
        conduit.outgoing.end = order.down
        pump(&origin)
    }

    private mutating func takeStream(_ bytes: Extent, _ origin: inout OriginServices) {
        switch conduit.incoming.take(bytes, origin.station.pattern) {
        case .fine:
            origin.station.counters.bytes.add(bytes.count)
            guard order.kind == .echo else { return }
            // The pattern is the same on both ends: what came is sent from there.
            conduit.outgoing.ready = conduit.incoming.received
            pump(&origin)
        case .surplus: fail(.surplus, "", at: order.up, &origin)
        case .wrong(let position): fail(.wrong, "", at: position, &origin)
        }
    }

    private mutating func didReceiveEnd(_ origin: inout OriginServices) {
        conduit.incoming.hasEnded = true
        guard conduit.mayHaveEnded(origin.station) else {
            return fail(.endedEarly, "without a word of TLS", &origin)
        }
        let isAll =
            order.up == Order.unlimited || conduit.incoming.received == order.up
        guard state == .running, isAll else {
            return fail(.endedEarly, "", at: conduit.incoming.received, &origin)
        }
        if order.kind == .echo {
            conduit.outgoing.finish()
        } else if order.turn == .clientFirst {
            return sendAll(&origin)
        } else if order.down == Order.unlimited {
            conduit.outgoing.stop()
        }
        pump(&origin)
    }

    // MARK: Sending

    private mutating func pump(_ origin: inout OriginServices) {
        guard conduit.pump(&origin.station) else { return fail(.reset, "while ending", &origin) }
        finishIfDone(&origin)
    }

    private mutating func didSend(_ result: Int32, _ origin: inout OriginServices) {
        guard result != -Errno.again else { return conduit.awaitRoom(&origin.station) }
        guard result > 0 else {
            return fail(.reset, ErrorName.text("send", -result), &origin)
        }
        guard let count = conduit.didSend(Int(result), &origin.station) else { return }
        conduit.outgoing.didSend(count)
        pump(&origin)
    }

    private mutating func roomAppeared(_ result: Int32, _ origin: inout OriginServices) {
        guard result >= 0 else { return }
        conduit.roomAppeared(&origin.station)
        pump(&origin)
    }

    // MARK: Ending

    private mutating func finishIfDone(_ origin: inout OriginServices) {
        guard conduit.incoming.hasEnded, conduit.outgoing.hasEnded else { return }
        conduit.countWell(origin.station.counters)
        state = .closing
        closeIfQuiet(&origin)
    }

    private mutating func fail(
        _ kind: Failure.Kind,
        _ detail: String,
        at position: UInt64? = nil,
        _ origin: inout OriginServices
    ) {
        guard origin.control.phase != .stop else { return drop(&origin) }
        let place = position.map { ", byte \($0) of \(order.up)" } ?? ""
        let tunnel = state == .ordering ? "a tunnel without order" : "tunnel \(order.number)"
        let stage: Failure.Stage = state == .ordering ? .ordering : .exchanging
        origin.station.tally.add(Failure(.origin, stage, kind, detail), "\(tunnel)\(place)")
        origin.station.counters.failed.add()
        drop(&origin)
    }

    /// Breaks the connection.
    mutating func drop(_ origin: inout OriginServices) {
        guard state != .closing, state != .free else { return }
        state = .closing
        conduit.terminate(&origin.station)
        closeIfQuiet(&origin)
    }

    private mutating func closeIfQuiet(_ origin: inout OriginServices) {
        if conduit.closeIfQuiet(&origin.station) { state = .free }
    }
}

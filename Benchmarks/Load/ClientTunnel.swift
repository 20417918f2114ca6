internal import Internet
internal import Kernel

/// The client's end of a tunnel. This file and `ClientTunnel+Running.swift` read as it lives:
///
///     free → connecting → asking → securing → settling → idle ⇄ running → ending → closing → free
///
/// Without a proxy nothing is asked; without TLS nothing is secured; where nothing stands idle it
/// runs as soon as it stands.
struct ClientTunnel {
    enum State: UInt8 {
        case free, connecting, asking, securing, settling, idle, running, ending, closing
    }

    var state = State.free
    var conduit: Conduit
    var course: Course
    /// What is sent first, until it is sent.
    var opening: UInt32?
    var answer = AnswerReader()
    /// When it was begun, or, in an open loop, was due to be.
    var began = Instant(nanoseconds: 0)
    /// When its end was begun.
    var endBegan = Instant(nanoseconds: 0)
    /// When the present message was sent, or, in an open loop, was due to be.
    var messageBegan = Instant(nanoseconds: 0)
    /// Messages of an open loop that wait for the present one, and which arrival is next,
    /// and how many are between two of this tunnel.
    var waiting: UInt32 = 0
    var nextArrival: UInt64 = 0
    var stride: UInt64 = 0
    /// Messages that are still to be sent, in a mix.
    var messagesLeft: UInt64 = 0
    /// Whether the times of the present arrival of an open loop count.
    var isCounted = false

    init(slot: UInt32, course: Course) {
        conduit = Conduit(slot: slot)
        self.course = course
    }

    /// A submission for this tunnel has completed.
    mutating func handle(
        _ operation: Operation,
        _ completion: Completion,
        _ client: inout ClientServices
    ) {
        conduit.completed(operation, completion)
        guard state != .closing else {
            client.station.giveBack(completion)
            return closeIfQuiet(&client)
        }
        switch operation {
        case .connect: didConnect(completion.result, &client)
        case .send: didSend(completion.result, &client)
        case .room: roomAppeared(completion.result, &client)
        case .receive: didReceive(completion, &client)
        case .watch: conduit.receive(isEmpty: false, &client.station)
        case .cancel: break
        case .accept, .endAccept, .bell, .close:
            preconditionFailure("not a tunnel's operation")
        }
    }

    // MARK: Connecting

    /// Begins the life of tunnel `course.order.number`.
    mutating func begin(_ course: Course, _ client: inout ClientServices) {
        precondition(state == .free)
        self.course = course
        state = .connecting
        answer = AnswerReader()
        began = client.station.now
        waiting = 0
        if let schedule = client.script.tunnelSchedule {
            began = arrive(UInt64(course.order.number), schedule, &client)
        }
        client.station.counters.begun.add()
        client.opening += 1
        let number = course.order.number
        let target = client.script.target(client.script.origin(number))
        let socket = client.station.queue.makeSocket(
            target.address.family,
            source: client.script.source(number),
            options: SocketOptions()
        )
        conduit.begin(socket, now: client.station.now)
        guard socket >= 0 else {
            return fail(.noSocket, ErrorName.text("socket", -socket), &client)
        }
        prepare(&client)
        conduit.connect(to: target, &client.station)
    }

    /// Writes what is sent first, and says what is due.
    private mutating func prepare(_ client: inout ClientServices) {
        let script = client.script
        conduit.outgoing.start = course.order.start
        conduit.outgoing.sendMax = course.sendMax
        conduit.incoming.start = course.order.answerStart
        conduit.incoming.isThorough = script.scenario != .bulk
        // The only message of a tunnel goes with the order, in one segment.
        let message = script.scenario == .rate ? min(script.size, Script.earlyMax) : 0
        let (opening, count) = client.open(course, early: course.early ?? message)
        self.opening = opening
        conduit.outgoing.skip(count)
    }

    private mutating func didConnect(_ result: Int32, _ client: inout ClientServices) {
        guard result == 0 else {
            return fail(.connect, ErrorName.text("connect", -result), &client)
        }
        conduit.lastProgress = client.station.now
        guard case .proxy = client.script.route else {
            reach(&client)
            return arm(isEmpty: true, &client)
        }
        state = .asking
        pump(&client)
        arm(isEmpty: true, &client)
    }

    // MARK: Asking

    /// Reads the answer of the proxy; how many bytes of `bytes` belong to it, or nil if it is not
    /// there yet or is no consent.
    mutating func readAnswer(_ bytes: Extent, _ client: inout ClientServices) -> Int? {
        switch bytes.withBytes({ answer.read($0) }) {
        case .incomplete: return nil
        case .malformed:
            fail(.malformed, "", &client)
            return nil
        case .complete(let count):
            guard (200...299).contains(answer.status) else {
                let detail = "\(answer.status) \(answer.word)"
                fail(.refused, detail, &client)
                return nil
            }
            reach(&client)
            return isOver ? nil : count
        }
    }

    /// There is a way to the origin.
    private mutating func reach(_ client: inout ClientServices) {
        guard client.station.security != nil else { return stand(&client) }
        state = .securing
        guard conduit.secure(&client.station) else {
            return fail(.insecure, "no memory", &client)
        }
        // The client speaks first.
        openStream(&client)
    }

    /// The tunnel stands.
    mutating func stand(_ client: inout ClientServices) {
        client.station.counters.established.add()
        client.opening -= 1
        if isMeasured(client) || client.script.scenario.standsIdle {
            let nanoseconds = client.station.now.nanoseconds(since: began)
            client.station.tally.addSetup(nanoseconds, course.kind)
        }
        if let opening { client.openings[opening].ready = client.openings[opening].count }
        guard client.script.scenario.standsIdle else { return run(&client) }
        state = .settling
        pump(&client)
        settleIfSent(&client)
    }

    /// Stands idle once the order has gone out.
    private mutating func settleIfSent(_ client: inout ClientServices) {
        guard state == .settling, opening == nil else { return }
        state = .idle
        client.idle += 1
    }

    // MARK: Sending

    /// Sends what is to be sent next, unless a send is under way.
    mutating func pump(_ client: inout ClientServices) {
        conduit.flush(&client.station)
        guard !conduit.outgoing.isSending else { return }
        if let opening {
            let state = client.openings[opening]
            guard state.sent == state.count else { return sendOpening(opening, &client) }
            releaseOpening(&client)
        }
        if !conduit.pump(&client.station) { fail(.reset, "while ending", &client) }
    }

    private mutating func sendOpening(_ opening: UInt32, _ client: inout ClientServices) {
        let rest = client.unsent(opening)
        if rest.count > 0, !conduit.isFull { conduit.send(rest, &client.station) }
    }

    private mutating func roomAppeared(_ result: Int32, _ client: inout ClientServices) {
        guard result >= 0 else { return }
        conduit.roomAppeared(&client.station)
        pump(&client)
        finishIfDone(&client)
    }

    private mutating func didSend(_ result: Int32, _ client: inout ClientServices) {
        guard result != -Errno.again else { return conduit.awaitRoom(&client.station) }
        guard result > 0 else {
            // Before the answer, what the proxy still says tells more.
            guard state != .asking else { return }
            return fail(.reset, ErrorName.text("send", -result), &client)
        }
        moved(client)
        guard let count = conduit.didSend(Int(result), &client.station) else { return }
        if let opening {
            conduit.outgoing.isSending = false
            client.openings[opening].sent += count
        } else {
            conduit.outgoing.didSend(count)
            countBytes(count, &client)
        }
        pump(&client)
        settleIfSent(&client)
        finishIfDone(&client)
    }

    mutating func releaseOpening(_ client: inout ClientServices) {
        guard let opening else { return }
        client.openings.release(opening)
        self.opening = nil
    }
}

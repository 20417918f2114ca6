internal import Connect
internal import Internet
internal import Kernel
internal import Policy
internal import Relay
internal import Resolver

/// One client's CONNECT, from accept to close. This file reads in the order in which it lives:
///
///     free → readingHead → identifying → resolving → dialling → answering ┬──────────────┐
///                 └──────────────────── refusing ──────────┐              └ readingHello ┤
///                                                          │                    │        ↓
///                                                 free ← closing ←──────────────┴─── relaying
///
/// A stream of a session is a tunnel without a client of its own: it begins by resolving, and what
/// it has for its client, or wants from it, goes through the session (`Tunnel+Stream.swift`).
///
/// Identifying stands in `Tunnel+Identifying.swift`, dialling in `Tunnel+Dialling.swift`, asking a
/// parent proxy, between dialling and answering, in `Tunnel+Parent.swift`, reading the ClientHello
/// of a tunnel that must be TLS in `Tunnel+Hello.swift`, relaying in `Tunnel+Relaying.swift` and
/// `Tunnel+Receiving.swift`, the limits of rules in `Tunnel+Limits.swift`, moving to another worker
/// in `Tunnel+Moving.swift`, a side that breaks in `Tunnel+Breaking.swift`, refusing in
/// `Tunnel+Refusing.swift`, and closing in `Tunnel+Closing.swift`.
/// `inFlight` counts what the kernel still holds for this tunnel; its slot is free only when that
/// is zero.
struct Tunnel<Queue, Names>: ~Copyable
where Queue: SubmissionQueue & ~Copyable, Names: NameService & ~Copyable {
    typealias Worker = Services<Queue, Names>

    enum State: UInt8 {
        case free, readingHead, identifying, resolving, dialling, askingParent
        case answering, readingHello, refusing, relaying, closing
        /// The request is for the tunnel without CONNECT: a carrier takes the client over.
        case handingOver
    }

    var state = State.free
    var generation: UInt16 = 0
    var inFlight: UInt16 = 0
    let slot: UInt32
    /// Whether it serves a stream of a session, so that it has no client's socket.
    var isStream = false
    /// Descriptors of both sides; -1 where there is none.
    var client: Int32 = -1
    var upstream: Int32 = -1
    private var openingNumber = UInt32.max
    var duplex = Duplex()
    /// The buffer or pipe that each flow holds.
    var holdings = Holdings()
    /// Who sent the first FIN.
    var firstToEnd: Side?
    /// Why it ended; set once.
    var ending: Ending?
    /// Bytes thrown away that were for a side that has broken.
    var discarded: UInt32 = 0
    /// Bytes that the kernel had for a side that lingers when it was last looked.
    var unacknowledged: UInt32 = 0
    /// Whether a reset is to follow what a side has been sent, as soon as it has that.
    var owesReset = false
    var accepted = Instant(nanoseconds: 0)
    /// When a byte last moved, in either direction.
    var lastActivity = Instant(nanoseconds: 0)
    /// Whether that byte was the client's, so that an answer may be on its way.
    var awaitsAnswer = false
    /// Whether the kernel probes its peers when they are silent.
    var isKeptAlive = false
    /// Whether the shared limits count this tunnel.
    var isAdmitted = false
    /// Whether its rule has limits, by which it is counted; it has a meter then.
    var isLimited = false
    /// How it comes to rest, if it is to move to another worker.
    var departure = Departure.none
    /// Looks in a row that have found its client's packets with the CPU of another worker; far
    /// below 0 for a while after it was moved, or was to be moved and did not come to rest.
    var looksAway: Int8 = 0
    /// Why it is refused unless it turns out to be a carrier, as which the limits count it then.
    var refusalOfTunnel: Refusal?

    init(slot: UInt32) {
        self.slot = slot
    }

    /// The opening; nil once it is no longer needed.
    var opening: UInt32? {
        get { openingNumber == .max ? nil : openingNumber }
        set { openingNumber = newValue ?? .max }
    }

    // MARK: Dispatch

    /// A submission for this tunnel has completed.
    mutating func handle(_ token: Token, _ completion: Completion, _ worker: inout Worker) {
        precondition(inFlight > 0, "a completion came that nobody waits for")
        if !completion.hasMore { inFlight -= 1 }
        if state == .closing {
            settle(token, completion, &worker)
            return closeIfQuiet(&worker)
        }
        switch token.operation {
        case .receiveHead: didReceiveHead(completion.result, &worker)
        case .connect: didConnect(Int(token.detail), completion.result, &worker)
        case .sendToParent: didSendToParent(completion.result, &worker)
        case .receiveFromParent: didReceiveFromParent(completion.result, &worker)
        case .sendAnswer: didSendAnswer(completion.result, &worker)
        case .receiveHello: didReceiveHello(completion.result, &worker)
        case .sendRefusal: didSendRefusal(completion.result, &worker)
        case .discard: didDiscard(completion.result, &worker)
        case .watchSource, .receive, .send, .moveIn, .moveOut, .watchSink, .watchHangUp:
            didRelay(token.operation, token.direction, completion, &worker)
        case .cancel: break
        case .accept, .mailbox, .passed, .nameSocket, .cancelNames, .wakeJournal, .close,
            .receiveRequest, .sendReply, .watchCarrier, .cancelCarrier:
            preconditionFailure("not a tunnel's operation")
        }
    }

    /// The token for a submission, which is counted as in flight.
    mutating func submitted(_ operation: Operation, _ detail: UInt8 = 0) -> UInt64 {
        inFlight += 1
        return token(operation, detail)
    }

    func token(_ operation: Operation, _ detail: UInt8 = 0) -> UInt64 {
        Token(operation, detail: detail, generation: generation, slot: slot).rawValue
    }

    /// Cancels a submission by its token.
    ///
    /// That finds it at once. By its descriptor the kernel would look at every poll of the ring.
    mutating func cancel(
        _ operation: Operation,
        detail: UInt8 = 0,
        _ worker: inout Worker
    ) {
        worker.queue.cancel(token(operation, detail), token: submitted(.cancel))
    }

    /// The deadline of this tunnel has passed.
    mutating func deadlinePassed(_ worker: inout Worker) {
        switch state {
        case .free, .handingOver: preconditionFailure("a free slot has a deadline")
        case .readingHead: refuse(.headTimeout, &worker)
        case .identifying: refuse(.credentialsUnchecked, &worker)
        case .resolving, .dialling, .askingParent: openingTimerFired(&worker)
        case .answering, .refusing, .closing: terminate(&worker)
        case .readingHello: refuseTLS(.timeout, &worker)
        case .relaying: relayTimerFired(&worker)
        }
    }

    // MARK: Reading the head

    /// A client has been accepted.
    mutating func begin(_ client: Int32, number: UInt64, _ worker: inout Worker) {
        begin(&worker)
        self.client = client
        worker.descriptorCount += 1
        if worker.keepsRecords {
            keepRecord(number, of: worker.queue.peer(of: client), &worker)
        }
    }

    /// A life begins in this slot.
    mutating func begin(_ worker: inout Worker) {
        renew()
        state = .readingHead
        client = -1
        upstream = -1
        duplex = Duplex()
        holdings = Holdings()
        firstToEnd = nil
        accepted = worker.now
        awaitsAnswer = false
        isKeptAlive = false
        worker.counters.accepted.add()
        opening = worker.takeOpening()
    }

    /// Nothing is left of the life that this slot had before.
    mutating func renew() {
        precondition(state == .free && inFlight == 0)
        generation &+= 1
        isStream = false
        ending = nil
        discarded = 0
        owesReset = false
        isAdmitted = false
        refusalOfTunnel = nil
        departure = .none
        looksAway = 0
    }

    func keepRecord(_ number: UInt64, of client: Endpoint?, _ worker: inout Worker) {
        worker.records[Int(slot)] =
            Record(number: number, of: worker.index, client: client, now: worker.now)
        worker.records[Int(slot)].isStream = isStream
        worker.forgetRules(of: slot)
    }

    /// Reads the request of a client that has been admitted.
    mutating func readHead(_ worker: inout Worker) {
        worker.deadlines.set(slot, at: worker.now + worker.terms.configuration.headTimeout)
        receiveHead(&worker)
    }

    private mutating func receiveHead(_ worker: inout Worker) {
        guard let opening else { return }
        let received = worker.openings[opening].received
        let room = worker.openings.block(opening).part(
            received..<worker.terms.configuration.headBytesMax
        )
        worker.openings[opening].isReceiving = true
        worker.queue.receive(client, into: room, token: submitted(.receiveHead))
    }

    private mutating func didReceiveHead(_ result: Int32, _ worker: inout Worker) {
        guard let opening else { preconditionFailure("a head is read without an opening") }
        // The refusal of a slow client was decided while this receive was under way.
        guard state == .readingHead else { return didDiscard(result, &worker) }
        worker.openings[opening].isReceiving = false
        guard result > 0 else {
            let cause: Ending.Cause = result == 0 ? .clientLeft : .reset
            return end(Ending(cause: cause, side: .client, code: -result), &worker)
        }
        worker.openings[opening].received += Int(result)
        let received = worker.openings[opening].received
        let bytes = worker.openings.block(opening).part(0..<received)
        let limits = worker.terms.head
        switch bytes.withBytes({ worker.openings[opening].parser.parse($0, limits: limits) }) {
        case .incomplete:
            guard received < worker.terms.configuration.headBytesMax else {
                return refuse(.headTooLarge, &worker)
            }
            receiveHead(&worker)
        case .refused(let refusal)
        where refusal.status == 405
            && bytes.withBytes { worker.terms.method.claims($0, limits) }:
            state = .handingOver
        case .refused(let refusal):
            refuse(refusal, &worker)
        case .complete(let head):
            worker.openings[opening].headCount = head.byteCount
            identify(head, &worker)
        }
    }

    // MARK: Deciding

    mutating func decide(_ authority: Authority, _ worker: inout Worker) {
        guard let opening else { return }
        worker.endPhase(.head, of: slot)
        worker.openings[opening].port = authority.port
        worker.openings[opening].tls = worker.terms.tls.requirement(port: authority.port)
        guard !worker.isDraining else { return refuse(.draining, &worker) }
        if let refusal = worker.judge(authority, of: slot, opening) {
            return refuse(refusal, &worker)
        }
        bePatient(&worker)
        if !turnsToParent(for: authority.host, &worker) { find(authority.host, &worker) }
    }

    // MARK: Resolving

    /// Finds the addresses of `host`, and dials them.
    mutating func find(_ host: Host, _ worker: inout Worker) {
        guard let opening else { return }
        switch host {
        case .address(let address):
            worker.openings[opening].isResolved = true
            consider(address, &worker)
            beginDialling(&worker)
        case .name(let name):
            state = .resolving
            let deadline = worker.now + worker.terms.configuration.resolveTimeout
            worker.openings[opening].deadline = deadline
            worker.deadlines.set(slot, at: deadline)
            let answer = worker.names.lookUp(name, waiter: slot, now: worker.now)
            worker.openings[opening].isWaiting = !answer.isComplete
            didResolve(answer, &worker)
        }
    }

    // MARK: Answering

    /// The upstream is connected: tell the client.
    mutating func answer(_ worker: inout Worker) {
        state = .answering
        if isStream {
            worker.sessions.didConnect(slot)
            return didEstablish(&worker)
        }
        worker.deadlines.set(slot, at: worker.now + worker.terms.configuration.headTimeout)
        worker.queue.send(client, from: worker.answers.established, token: submitted(.sendAnswer))
    }

    private mutating func didSendAnswer(_ result: Int32, _ worker: inout Worker) {
        guard Int(result) == worker.answers.established.count else {
            return end(Ending(cause: .reset, side: .client, code: -min(result, 0)), &worker)
        }
        didEstablish(&worker)
    }

    /// The client knows that the tunnel is established, or will before anything else.
    private mutating func didEstablish(_ worker: inout Worker) {
        worker.noteOpened(slot)
        worker.counters.established.add()
        worker.writeOpen(slot)
        guard let opening, worker.openings[opening].tls.isTLS else { return startRelaying(&worker) }
        readHello(&worker)
    }
}

internal import Connect
internal import Internet
internal import Kernel
internal import Relay
internal import Resolver

/// One thread's proxy: a ring, a listener, the tunnels and all that they use, shared with nobody.
///
/// A turn handles the completions that have come, then what follows from them, and enters the
/// kernel once, with all new submissions, to wait for more.
struct Worker<Queue, Names>: ~Copyable
where Queue: SubmissionQueue & ~Copyable, Names: NameService & ~Copyable {
    var services: Services<Queue, Names>
    var tunnels: Slab<Tunnel<Queue, Names>>
    /// Connections that carry requests of the tunnel without CONNECT.
    var carriers: Slab<Carrier>
    let carrierMemory: CarrierMemory
    var carrierDeadlines: Deadlines
    var listener: Listener
    /// How clients are spread; nil if there is no other worker to pass them on to.
    let balance: Balance?
    /// The worker that was looked at last.
    var balanceTurn = 0
    var occupancy: Occupancy
    var moves: Moves
    /// Which clients it asks for; nil if for any.
    var steering: Steering?
    private let mailbox: Mailbox?
    private(set) var directive = Mailbox.Directive.serve
    /// Tunnels that have been begun.
    var number: UInt64 = 0
    /// When answers end that are still under way, once all sessions have.
    var lastDeadline: Instant?

    init(
        services: consuming Services<Queue, Names>,
        listeners: [Int32],
        mailbox: Mailbox?,
        balance: Balance?,
        steering: Steering?,
        slots: Int
    ) throws(SystemError) {
        let tunnels = try Slab<Tunnel<Queue, Names>>(capacity: slots)
        let carrierCount = services.terms.method.isOn ? slots : 1
        let carriers = try Slab<Carrier>(capacity: carrierCount)
        let memory = try CarrierMemory(count: carrierCount, services.terms.head)
        let deadlines = try Deadlines(slots: carrierCount, now: services.now)
        self.tunnels = tunnels
        self.carriers = carriers
        carrierMemory = memory
        carrierDeadlines = deadlines
        self.services = services
        self.mailbox = mailbox
        self.balance = balance
        self.steering = steering
        occupancy = Occupancy(self.services.now)
        let spreads = balance?.spreads ?? false
        let wanted = spreads ? self.services.queue.timeWanted() : 0
        let departingMax = balance?.arrivalMax ?? 0
        moves = Moves(self.services.now, wanted: wanted, departingMax: departingMax)
        listener = Listener(listeners)
        provideBuffers()
        if let steering { prefer(steering.cpu) }
        listener.arm(&self.services.queue)
        watchMailbox()
        watchPassed()
    }

    /// Turns until the server has drained or stopped it.
    mutating func run() {
        while !isDone || balance?.leave(services.index) == false { turn() }
        services.journal.flush(&services.queue)
        services.queue.submitAndWait(count: 0, gatherMicroseconds: 0, until: services.now)
        publish()
    }

    /// Whether a drain or stop has been carried out.
    var isDone: Bool {
        directive != .serve && listener.isClosed && tunnels.count == 0 && carriers.count == 0
            && services.sessions.count == 0 && !areComing
    }

    /// One turn: wait, handle, follow up.
    mutating func turn() {
        listenerFollowUp()
        services.journal.flush(&services.queue)
        publish()
        wait()
        services.now = services.queue.now()
        services.deadlines.skip(to: services.now)
        services.sessions.deadlines.skip(to: services.now)
        carrierDeadlines.skip(to: services.now)
        if balance != nil { occupancy.beginTurn(tunnels: tunnels.count, services.now) }
        services.pace.beginTurn()
        services.pipes.share.beginTurn()
        while let sent = services.queue.nextSent() { dispatch(sent) }
        while let completion = services.queue.nextCompletion() {
            let operation = dispatch(completion)
            services.pace.handle(opening: operation.opens)
        }
        serveBulk()
        passDeadlines()
        followNames()
        services.buffers.adapt()
        provideBuffers()
        serveLine()
        attendSessions()
        if services.isDraining { finishSessions() }
        services.returnMemory()
        shareWork()
        if areComing, directive != .serve { takePassed() }
    }

    /// Submits and waits.
    private mutating func wait() {
        let wake = nextWake()
        services.queue.submitAndWait(
            count: mayWait ? min(services.pace.wanted, services.terms.configuration.batch) : 0,
            gatherMicroseconds: services.pace.gatherMicroseconds,
            until: wake
        )
    }

    /// Whether nothing is to be done before the next completion or deadline.
    ///
    /// Sending quietly saves one entry into the kernel for each message, as long as the flow needs
    /// no more than the receive that it has armed.
    private var mayWait: Bool {
        guard !services.pipes.share.hasWaiting else { return false }
        for index in 0..<services.queue.quietCount {
            guard let token = Token(rawValue: services.queue.quietToken(index)),
                tunnels[token.slot].needsNoWord(of: token.direction, services)
            else { return false }
        }
        return true
    }

    // MARK: Dispatch

    /// Has whom it concerns handle `completion`; of which operation it is.
    @discardableResult
    private mutating func dispatch(_ completion: Completion) -> Operation {
        guard let token = Token(rawValue: completion.token) else {
            preconditionFailure("a completion without a token")
        }
        switch token.operation {
        case .accept: didAccept(Int(token.slot), completion)
        case .mailbox: obey()
        case .passed: didPass(completion)
        case .nameSocket: services.names.didPoll(token, completion.result, services.now)
        case .wakeJournal, .cancelNames: break
        case .close: services.counters.failedCloses.add()
        case .receiveRequest, .sendReply, .watchCarrier, .cancelCarrier:
            dispatchCarrier(token, completion)
        default:
            guard tunnels.exists(token.slot), tunnels[token.slot].generation == token.generation
            else {
                services.counters.lateCompletions.add()
                break
            }
            tunnels[token.slot].handle(token, completion, &services)
            releaseIfFree(token.slot)
        }
        return token.operation
    }

    mutating func releaseIfFree(_ slot: UInt32) {
        if tunnels[slot].state == .handingOver { return handOver(slot) }
        if tunnels[slot].isReadyToMove { return depart(slot) }
        guard tunnels[slot].state == .free else { return }
        services.deadlines.clear(slot)
        tunnels.release(slot)
        occupancy.didEnd()
    }

    // MARK: Time

    private mutating func nextWake() -> Instant? {
        let tunnels = Instant.earlier(services.deadlines.nextWake(), services.names.nextDeadline)
        let sessions = services.sessions.deadlines.nextWake()
        let carried = Instant.earlier(
            Instant.earlier(carrierDeadlines.nextWake(), sessions),
            silenceDeadline
        )
        let work = Instant.earlier(tunnels, carried)
        // A client that could not be passed on after all wakes nobody.
        let last = areComing && directive != .serve ? services.now + 1_000_000 : nil
        let moving = Instant.earlier(last, moves.departing.isEmpty ? nil : moves.effort.nextLook)
        let soon = Instant.earlier(Instant.earlier(work, listener.retry), moving)
        return Instant.earlier(soon, services.returnWake)
    }

    private mutating func passDeadlines() {
        while let slot = services.deadlines.next(passedBy: services.now) {
            tunnels[slot].deadlinePassed(&services)
            releaseIfFree(slot)
        }
        passCarrierDeadlines()
        passSessionDeadlines()
        if let deadline = services.names.nextDeadline, deadline <= services.now {
            services.names.deadlinePassed(now: services.now)
        }
    }

    // MARK: Names

    private mutating func followNames() {
        while let waiter = services.names.nextNotice() {
            guard tunnels.exists(waiter), tunnels[waiter].state != .free else { continue }
            tunnels[waiter].namesMoved(&services)
            releaseIfFree(waiter)
        }
        services.names.poll(on: &services.queue)
    }

    // MARK: Buffers

    /// Hands the kernel the buffers that it should have.
    private mutating func provideBuffers() {
        while let buffer = services.buffers.nextToProvide() {
            services.queue.provide(buffer)
        }
    }

    // MARK: The server's word

    private mutating func watchMailbox() {
        guard let mailbox else { return }
        services.queue.poll(mailbox.event, events: .readable, token: Token(.mailbox).rawValue)
    }

    private mutating func obey() {
        guard let mailbox else { return }
        Descriptors.waitForSignal(mailbox.event)
        watchMailbox()
        if let hosts = mailbox.takeHosts() { services.names.reload(hosts, now: services.now) }
        if let access = mailbox.takeAccess() { adopt(access) }
        for answer in mailbox.takeAnswers() { hear(answer) }
        obey(mailbox.directive)
    }

    /// The gate has found out who asks; the tunnel may have ended meanwhile.
    private mutating func hear(_ answer: Gate.Answer) {
        let slot = answer.asker.slot
        guard !answer.asker.isCarrier else { return hearForCarrier(answer) }
        guard tunnels[slot].generation == answer.asker.generation,
            tunnels[slot].state == .identifying
        else { return }
        tunnels[slot].didIdentify(answer.finding, &services)
        releaseIfFree(slot)
    }

    /// Does what the server says.
    mutating func obey(_ directive: Mailbox.Directive) {
        self.directive = directive
        guard directive != .serve else { return }
        services.isDraining = true
        var waiting: [Int32] = []
        listener.close(&services.queue) { waiting.append($0) }
        for client in waiting { take(client) }
        balance?.close(services.index)
        takePassed()
        drainSessions()
        for index in 0..<tunnels.used {
            let slot = UInt32(truncatingIfNeeded: index)
            guard tunnels[slot].state != .free else { continue }
            carryOut(on: slot)
        }
    }

    /// Does to the tunnel in `slot` what the server has said.
    mutating func carryOut(on slot: UInt32) {
        switch directive {
        case .serve: break
        case .drain: tunnels[slot].drain(&services)
        case .finish: tunnels[slot].stop(.drained, &services)
        case .stop: tunnels[slot].stop(.stopped, &services)
        }
        releaseIfFree(slot)
    }

    /// Copies the levels of the tables to where the server reads them.
    private func publish() {
        let counters = services.counters
        counters.tunnels.set(tunnels.count)
        publishLoad()
        counters.openings.set(services.openings.count)
        counters.sessions.set(services.sessions.count)
        counters.unsettled.set(services.isDraining ? unsettledSessions : 0)
        counters.carriers.set(carriers.count)
        counters.descriptors.set(services.descriptorCount)
        counters.buffersOut.set(services.buffers.outCount)
        counters.pipesOut.set(services.pipes.outCount)
        counters.pipesOpen.set(services.pipes.openCount)
        counters.isAccepting.set(listener.isPaused || listener.isClosed ? 0 : 1)
    }
}

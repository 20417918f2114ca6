internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel
internal import Proxy
internal import Resolver

/// The client's one thread: a ring, the programs' connections, the session that carries their
/// streams, and the carriers that carry the session.
///
/// A turn takes what has come (bytes of programs, bytes of lanes), then follows up: programs, new
/// requests, sends. So nothing is taken between the moment at which a send is prepared and the one
/// at which the kernel gets it, and what it sends from can't be written over meanwhile.
struct ClientWorker<Queue, Names>: ~Copyable
where Queue: SubmissionQueue & ~Copyable, Names: NameService & ~Copyable {
    /// Where the session stands.
    enum Phase: UInt8 {
        /// There is none: `make` is asked for again and again.
        case making
        /// There is one.
        case made
        /// The server is told that it is over.
        case quitting
        /// Nothing more is asked for.
        case over
    }

    let settings: ClientConfiguration
    let name: String
    let fields: RequestFields
    /// Options of sockets, by their address.
    let sockets: SocketChoice
    let notify: @Sendable (ClientNotice) -> Void
    let mailbox: Mailbox?
    /// The socket of an `AddressWatch`; -1 if there is none.
    let addressWatch: Int32
    let start: StartGate
    /// Numbers that nobody can guess.
    let random: @Sendable () -> UInt64
    var queue: Queue
    var names: Names
    var listener: Listener
    var deadlines: Deadlines
    var journal: JournalWriter
    let counters: Counters
    var now: Instant

    // The session.
    var phase = Phase.making
    var session = Session(.client, SessionTerms())
    var schedule: ClientSchedule
    var id = SessionID(0, 0)
    var nonce = SessionID(0, 0)
    /// How requests name the session.
    var reference = SessionReference.field
    /// Whether a request that named the session has had an answer on the present network.
    var hasBeenNamed = false
    var makes = Attempts()
    var quitDeadline: Instant?
    /// Nanoseconds that the quickest answer took that was whole at once.
    var quickest = UInt64.max
    /// Methods that the network forbids.
    var overridesPut = false
    var overridesDelete = false
    var standing = Standing()
    /// Which bytes of streams wait in which blocks.
    var pool: BlockPool
    let blocks: Blocks
    /// What is kept of each up lane.
    let lanes: Blocks

    /// The lane that gathers bytes for a larger `send`, and until when.
    var gathering: (lane: Int, until: Instant)?

    // The carriers.
    var route: Route
    var carriers: Slab<Carrier>
    let requests: Blocks
    let replies: Blocks
    let inputs: Blocks

    // The programs.
    var locals: Slab<Local>
    let outgoing: Blocks
    let answers: Blocks
    /// The local connection of each slot of the session.
    var streamLocals: [UInt32]
    /// Local connections to be looked at.
    var attention: [UInt32] = []
    /// Local connections whose stream is not open yet.
    var openings: [UInt32] = []
    var number: UInt64 = 0
    var directive = Mailbox.Directive.serve

    init(
        _ settings: ClientConfiguration,
        name: String,
        parts: consuming ClientParts<Queue, Names>,
        notify: @escaping @Sendable (ClientNotice) -> Void
    ) throws(SystemError) {
        let localsMax = settings.streamsMax
        let carriersMax = ClientConfiguration.carriersMax
        var terms = SessionTerms()
        terms.streamWindow = Int(settings.streamWindow)
        let blockCount = localsMax * 17
        let now = parts.queue.now()
        let random = parts.random
        let carriers = try Slab<Carrier>(capacity: carriersMax)
        let requests = try Blocks(count: carriersMax, blockSize: Self.requestByteCountMax)
        let replies = try Blocks(count: carriersMax, blockSize: Self.replyByteCountMax)
        let inputs = try Blocks(count: carriersMax, blockSize: 65536)
        let locals = try Slab<Local>(capacity: localsMax)
        let outgoing = try Blocks(count: localsMax, blockSize: 65536)
        let answers = try Blocks(count: localsMax, blockSize: 1024)
        let blocks = try Blocks(count: blockCount, blockSize: terms.blockSize)
        let lanes = try Blocks(count: 4, blockSize: Int(settings.laneCapacity))
        let deadlines = try Deadlines(slots: carriersMax + localsMax, now: now)
        self.carriers = carriers
        self.requests = requests
        self.replies = replies
        self.inputs = inputs
        self.locals = locals
        self.outgoing = outgoing
        self.answers = answers
        self.blocks = blocks
        self.lanes = lanes
        self.deadlines = deadlines
        self.now = now
        pool = BlockPool(count: blockCount, blockSize: terms.blockSize)
        streamLocals = Array(repeating: .max, count: StreamNumber.slotsMax)
        attention.reserveCapacity(localsMax)
        openings.reserveCapacity(localsMax)
        schedule = Self.firstSchedule(random, now)
        self.settings = settings
        self.name = name
        self.notify = notify
        fields = RequestFields(settings)
        route = Route(settings.proxy ?? settings.server.authority)
        self.random = random
        sockets = parts.sockets
        mailbox = parts.mailbox
        addressWatch = parts.addressWatch
        start = parts.start
        counters = parts.counters
        listener = Listener(parts.listeners)
        queue = parts.queue
        names = parts.names
        journal = parts.journal
        watchMailbox()
        watchAddresses()
        renewNonce()
    }

    /// What gives serials before there is a session.
    private static func firstSchedule(_ random: () -> UInt64, _ now: Instant) -> ClientSchedule {
        ClientSchedule(
            Parameters(),
            lanes: 1,
            serial: random() >> 3,
            seed: random(),
            now: now.nanoseconds
        )
    }

    /// Turns until the client has drained or has been stopped, or could not start.
    mutating func run() {
        while !isDone { turn() }
        journal.flush(&queue)
        queue.submitAndWait(count: 0, gatherMicroseconds: 0, until: now)
    }

    /// Whether nothing is left to do.
    var isDone: Bool { phase == .over && locals.count == 0 && carriers.count == 0 }

    /// Waits are no longer, in nanoseconds, so that being late for one tells of an absence.
    private static var lookAgain: UInt64 { 10_000_000_000 }

    /// One turn: follow up, wait, handle.
    mutating func turn() {
        followUp()
        guard !isDone else { return }
        names.poll(on: &queue)
        journal.flush(&queue)
        let wake = min(nextWake() ?? now + Self.lookAgain, now + Self.lookAgain)
        queue.submitAndWait(count: 1, gatherMicroseconds: 0, until: wake)
        now = queue.now()
        deadlines.skip(to: now)
        noticeAbsence(since: wake)
        while let completion = queue.nextCompletion() { dispatch(completion) }
        passDeadlines()
        followNames()
    }

    // MARK: Dispatch

    private mutating func dispatch(_ completion: Completion) {
        if let token = ClientToken(rawValue: completion.token) {
            if token.operation == .watchAddresses { return addressesMoved() }
            if token.operation.isOfCarrier {
                guard carriers[token.slot].generation == token.generation else { return }
                handleCarrier(token, completion.result)
            } else {
                guard locals[token.slot].generation == token.generation else { return }
                handleLocal(token, completion)
            }
            return
        }
        guard let token = Token(rawValue: completion.token) else {
            preconditionFailure("a completion without a token")
        }
        switch token.operation {
        case .accept: didAccept(Int(token.slot), completion)
        case .mailbox: obey()
        case .nameSocket: names.didPoll(token, completion.result, now)
        default: break
        }
    }

    // MARK: Following up

    /// Does all that can be done now.
    private mutating func followUp() {
        if phase == .made {
            if schedule.expire(now.nanoseconds) { abandonExpired() }
            if schedule.isOver(now.nanoseconds) {
                endSession("nothing was heard of the server for its grace time")
            }
        }
        listenerFollowUp()
        attendTouched()
        attend()
        request()
        attendTouched()
        attend()
        leaveIfDone()
    }

    private mutating func listenerFollowUp() {
        if listener.isPaused {
            let hasRoom = locals.count < locals.capacity
            if listener.mayRetry(now), hasRoom { listener.resume(&queue) }
        } else if standing.hasStarted, directive == .serve {
            listener.arm(&queue)
        }
    }

    /// When something is due by itself.
    private mutating func nextWake() -> Instant? {
        var time = UInt64.max
        switch phase {
        case .made: time = schedule.wakeTime(now.nanoseconds)
        case .making: time = makes.nextTime(now.nanoseconds) ?? time
        case .quitting, .over: break
        }
        if let startDeadline { time = min(time, startDeadline.nanoseconds) }
        if let quitDeadline { time = min(time, quitDeadline.nanoseconds) }
        if let gathering, gathering.until > now { time = min(time, gathering.until.nanoseconds) }
        if phase == .made {
            for slot in openings {
                if let next = locals[slot].attempts.nextTime(now.nanoseconds) {
                    time = min(time, next)
                }
            }
        }
        let work = Instant.earlier(deadlines.nextWake(), names.nextDeadline)
        let due = time == .max ? nil : Instant(nanoseconds: time)
        return Instant.earlier(Instant.earlier(work, listener.retry), due)
    }

    private mutating func passDeadlines() {
        while let slot = deadlines.next(passedBy: now) {
            if Int(slot) < carriers.capacity {
                carrierDeadlinePassed(slot)
            } else {
                localDeadlinePassed(slot - UInt32(carriers.capacity))
            }
        }
        if let deadline = names.nextDeadline, deadline <= now { names.deadlinePassed(now: now) }
    }

    private mutating func followNames() {
        while names.nextNotice() != nil { namesMoved() }
        names.poll(on: &queue)
    }

    /// Waits for a change of this machine's addresses.
    mutating func watchAddresses() {
        guard addressWatch >= 0 else { return }
        let token = ClientToken(.watchAddresses, generation: 0, slot: 0).rawValue
        queue.poll(addressWatch, events: .readable, token: token)
    }

    // MARK: The main thread's word

    private mutating func watchMailbox() {
        guard let mailbox else { return }
        queue.poll(mailbox.event, events: .readable, token: Token(.mailbox).rawValue)
    }

    private mutating func obey() {
        guard let mailbox else { return }
        Descriptors.waitForSignal(mailbox.event)
        watchMailbox()
        if let hosts = mailbox.takeHosts() { names.reload(hosts, now: now) }
        obey(mailbox.directive)
    }

    /// Does what the main thread says.
    mutating func obey(_ directive: Mailbox.Directive) {
        self.directive = directive
        guard directive != .serve else { return }
        var waiting: [Int32] = []
        listener.close(&queue) { waiting.append($0) }
        for client in waiting { Socket.close(client) }
        guard directive != .drain else { return }
        for index in 0..<locals.used {
            let slot = UInt32(truncatingIfNeeded: index)
            guard locals[slot].state != .free else { continue }
            stopLocal(slot)
        }
    }

    /// Leaves the session when the last program has gone, if that is what is waited for; in a drain
    /// when the server is done with its stream, too.
    private mutating func leaveIfDone() {
        counters.tunnels.set(locals.count)
        counters.openings.set(carriers.count)
        guard directive != .serve, locals.count == 0 || directive == .stop else { return }
        switch phase {
        // What programs sent before they left may be on its way still.
        case .made where directive == .drain && !session.isSettled: break
        case .made: quit()
        case .making: giveUp()
        case .quitting: if directive == .stop { leave() }
        case .over: break
        }
    }
}

/// What a client's worker is made of, prepared on its thread.
struct ClientParts<Queue, Names>: ~Copyable
where Queue: SubmissionQueue & ~Copyable, Names: NameService & ~Copyable {
    let queue: Queue
    let names: Names
    let listeners: [Int32]
    let journal: JournalWriter
    let counters: Counters
    let sockets: SocketChoice
    let mailbox: Mailbox?
    let addressWatch: Int32
    let start: StartGate
    let random: @Sendable () -> UInt64
}

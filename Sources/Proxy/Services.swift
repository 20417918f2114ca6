internal import Connect
internal import Internet
package import Kernel
internal import MethodTunnel
internal import Policy
internal import Relay
internal import Resolver
internal import Synchronization

/// The limits and times of a worker, in the form in which its tunnels use them.
struct Terms: Sendable {
    let configuration: Configuration
    let egress: EgressRules
    let tls: TLSRules
    let method: MethodTerms
    let flow: FlowRules
    /// How the flows of a stream move bytes, whose other end is no socket: they are copied.
    let streamFlow: FlowRules
    let head: HeadLimits
    /// Options of sockets, by their address.
    let sockets: SocketChoice
    let name: String
    /// Whether rules may say how their tunnels are, now or when they are read again.
    let hasPolicy: Bool
    let splicesOnRing: Bool
    let bind4: [Address]
    let bind6: [Address]

    /// Bytes of a head block: the head in front, behind it the answer to a refusal, or as much of a
    /// ClientHello as may follow the longest head.
    var headBlockSize: Int {
        let mayBeTLS = !tls.ports.isEmpty || hasPolicy
        let behind = mayBeTLS ? HelloParser.byteCountMax : Terms.answerBytesMax
        return configuration.headBytesMax + behind
    }
    static var answerBytesMax: Int { 2048 }
    /// Bytes after which a receive for messages, which goes on while they are sent, ends.
    var messageBytesMax: Int { min(flow.largeSize, 4096) }
    /// Bytes of a request to a parent proxy, and of its answer with what comes right behind it.
    static var parentBytesMax: Int { 8192 }
    static var parentHead: HeadLimits {
        HeadLimits(lineBytesMax: parentBytesMax, headBytesMax: parentBytesMax, fieldsMax: 1000)
    }

    /// Bytes of the memory that a flow has for what its sink has no room for: a buffer, and what a
    /// receive that goes on may have brought before.
    ///
    /// A policy may name parents, and then it holds what is said to them before. Whole pages, so
    /// that all of it can be given back.
    var overflowBlockSize: Int {
        let size = configuration.bufferSize + messageBytesMax
        return Blocks.wholePages(max(size, hasPolicy ? Terms.parentBytesMax : 0))
    }

    init(
        _ configuration: Configuration,
        name: String,
        congestion: CongestionChoice = CongestionChoice(),
        ownListeners: [Endpoint],
        hasPolicy: Bool = false
    ) {
        self.configuration = configuration
        self.name = name
        self.hasPolicy = hasPolicy
        egress = EgressRules(
            allowedPorts: configuration.allowedPorts,
            allowsPrivate: configuration.allowsPrivate,
            ownListeners: ownListeners
        )
        tls = configuration.tlsRules
        let way: FlowRules.Way =
            switch configuration.relay {
            case .auto: .auto
            case .copy: .copy
            case .splice, .ringSplice: .splice
            }
        flow = FlowRules(
            way: way,
            largeSize: max(1, min(configuration.promoteSize, configuration.bufferSize)),
            promoteAfter: configuration.promoteAfter
        )
        streamFlow = FlowRules(way: .copy, largeSize: flow.largeSize, promoteAfter: .max)
        method = MethodTerms(configuration)
        splicesOnRing = configuration.relay == .ringSplice
        head = HeadLimits(
            lineBytesMax: configuration.headLineBytesMax,
            headBytesMax: configuration.headBytesMax,
            fieldsMax: configuration.headFieldsMax
        )
        sockets = SocketChoice(configuration, congestion, keepsAlive: false)
        bind4 = configuration.bind.filter { $0.family == .v4 }
        bind6 = configuration.bind.filter { $0.family == .v6 }
    }
}

/// How many descriptors the tunnels of a worker may use, and what of them isn't for tunnels.
struct Room: Sendable {
    let descriptorMax: Int
    /// Slots, and descriptors, set aside for telling clients that there is no room.
    let shedMax: Int

    /// How many descriptors may be in use while clients that are refused are waited for: half of
    /// what is set aside is for the answers to others.
    var lingerMax: Int { descriptorMax - shedMax / 2 }
    /// What of slots and descriptors has to be there again before accepting resumes.
    var resumeMin: Int { max(shedMax / 2, 1) }
}

/// What a tunnel may use of its worker.
struct Services<Queue, Names>: ~Copyable
where Queue: SubmissionQueue & ~Copyable, Names: NameService & ~Copyable {
    let terms: Terms
    var queue: Queue
    var names: Names
    /// Openings, each with the block for its head, and which of them hold memory to no use.
    var openings: BlockSlab<Opening>
    var openingResidue: Residue
    let answers: ReadyAnswers
    var deadlines: Deadlines
    var buffers: BufferLedger
    var bufferResidue: Residue
    /// A block for each flow, for what its sink had no room for while buffers are scarce.
    ///
    /// Memory is used only as long as it holds something.
    let overflow: Blocks
    var pipes: PipePool
    /// The sessions of the tunnel without CONNECT.
    var sessions: Sessions
    var journal: JournalWriter
    /// Whether anybody wants to know more of a tunnel than its end.
    let keepsRecords: Bool
    /// The record of each tunnel; only if they are kept.
    let records: Table<Record>
    let texts: TunnelTexts
    /// Who decides where clients may go.
    var judge: Judge
    /// The parent proxies that rules name.
    var parents = ParentTable()
    /// This worker's part in the limits of rules.
    var limiter: Limiter
    /// The time of the week, as of a moment ago.
    var weekClock = WeekClock()
    /// Who knows the users; nil where everybody may use the proxy.
    let gate: Gate?
    /// Where credentials are decoded.
    let presented: Blocks
    /// Credentials that were good when they were seen last, each at its tag's place.
    let known: Table<Known>
    /// The number of this worker.
    let index: Int
    let counters: Counters
    let admission: Admission
    /// The time at which this turn began.
    var now: Instant
    /// How full the turns are.
    var pace = Pace()
    /// Descriptors in use by tunnels.
    var descriptorCount = 0
    let room: Room
    /// Clients that were refused when they were accepted and are still there.
    var turnedAwayCount = 0
    /// How many of them may be waited for: few, so that they take no places from others.
    var turnedAwayMax: Int { max(openings.capacity / 4, 1) }
    /// Whether there is a descriptor beyond those that are set aside, which clients that were
    /// refused take first.
    var hasDescriptor: Bool {
        let used = descriptorCount - min(turnedAwayCount, room.shedMax)
        return used < room.descriptorMax - room.shedMax
    }
    var isDraining = false
    /// Source addresses are taken in turn.
    private var bindTurn = 0
    /// Has this stay where it is: what holds an atomic is lent by its address.
    ///
    /// Without it the compiler (Swift 6.3) copies these 3 KiB for most borrows.
    private let place = Atomic(false)

    init(
        terms: Terms,
        queue: consuming Queue,
        names: consuming Names,
        index: Int,
        slots: Int,
        room: Room,
        journal: consuming JournalWriter,
        counters: Counters,
        admission: Admission,
        gate: Gate?,
        rules: AccessRules?,
        allowances: Allowances?
    ) throws(SystemError) {
        let configuration = terms.configuration
        let openings = try BlockSlab<Opening>(capacity: slots, blockSize: terms.headBlockSize)
        let deadlines = try Deadlines(slots: slots, now: queue.now())
        let openingResidue = try Residue(count: slots, keeping: 16)
        let buffers = try BufferLedger(count: configuration.buffers, slots: slots)
        let bufferResidue = try Residue(count: configuration.buffers, keeping: 16)
        let overflow = try Blocks(count: 2 * slots, blockSize: terms.overflowBlockSize)
        let pipes = try PipePool(configuration, slots: slots)
        let sessions = try Sessions(terms.method, slots: slots, now: queue.now())
        let hasTexts = journal.isOn || rules != nil || configuration.enforcesOnReload
        let keepsRecords = hasTexts || admission.countsClients || gate != nil
        let records = try Table<Record>(zeroed: keepsRecords ? slots : 0)
        let texts = try TunnelTexts(hasTexts ? slots : 0, gate != nil, journal.isOn && rules != nil)
        let known = try Table<Known>(zeroed: gate == nil ? 0 : Tag.places)
        let presented = try Blocks(count: 1, blockSize: BasicCredentials.byteCountMax)
        let limiter = try Limiter(allowances, slots: slots)
        answers = try ReadyAnswers(name: terms.name)
        self.openings = openings
        self.keepsRecords = keepsRecords
        self.records = records
        self.texts = texts
        judge = Judge(terms.egress, nil)
        self.limiter = limiter
        self.gate = gate
        self.known = known
        self.presented = presented
        self.index = index
        self.openingResidue = openingResidue
        self.deadlines = deadlines
        self.buffers = buffers
        self.bufferResidue = bufferResidue
        self.overflow = overflow
        self.pipes = pipes
        self.sessions = sessions
        self.terms = terms
        now = queue.now()
        self.queue = queue
        self.names = names
        self.journal = journal
        self.counters = counters
        self.admission = admission
        self.room = room
        if let rules { adopt(rules) }
    }

    /// From now on it is `rules` that are asked.
    mutating func adopt(_ rules: AccessRules) {
        judge = Judge(terms.egress, AccessRules(sharing: rules))
        limiter.adopt(rules)
        parents.adopt(rules)
    }

    /// Bytes to receive at once: less while buffers are scarce, so that less has to be moved aside
    /// for sinks that turn out to be slow.
    var receiveBytesMax: Int {
        let all = terms.configuration.bufferSize
        return buffers.isTight ? min(all, 16384) : all
    }

    /// An opening, with a block for its head.
    mutating func takeOpening() -> UInt32 {
        guard let opening = openings.take(Opening.init) else {
            preconditionFailure("there is an opening for each slot")
        }
        openingResidue.use(Int(opening))
        return opening
    }

    /// Takes an opening back; nothing of credentials stays in its block.
    mutating func release(_ opening: UInt32) {
        if gate != nil {
            let received = max(openings[opening].received, openings[opening].headCount)
            // What came while the tunnel was closed was counted by nobody.
            let isUnknown = openings[opening].discarded > 0 || openings[opening].isReceiving
            let count = isUnknown ? terms.configuration.headBytesMax : received
            openings.block(opening).part(0..<count).clear()
        }
        openingResidue.release(Int(opening))
        openings.release(opening)
    }

    /// Returns to the system the memory that only a burst of heads or messages has needed.
    mutating func returnMemory() {
        while let index = openingResidue.next(by: now) {
            openings.empty(UInt32(truncatingIfNeeded: index))
        }
        // A turn that filled the submission queue has entered the kernel, which may have filled
        // buffers since.
        guard !queue.hasNews else { return }
        while let index = bufferResidue.next(by: now) {
            queue.emptyBuffer(UInt16(truncatingIfNeeded: index))
        }
    }

    /// When memory may be returned next.
    var returnWake: Instant? { Instant.earlier(openingResidue.wake, bufferResidue.wake) }

    /// A flow has a buffer that the kernel lent.
    mutating func lend(_ buffer: UInt16) {
        buffers.lend(buffer)
        bufferResidue.use(Int(buffer))
    }

    /// A flow gives `buffer` back.
    mutating func take(_ buffer: UInt16) {
        buffers.take(buffer)
        bufferResidue.release(Int(buffer))
    }

    /// Moves up to `count` bytes at once, which count as bulk's; as the queue's `spliceNow` does.
    mutating func spliceNow(from source: Int32, to sink: Int32, count: Int) -> Int32 {
        let result = queue.spliceNow(from: source, to: sink, count: count)
        pipes.share.use(Int(max(result, 0)))
        return result
    }

    /// The source address to dial from, if addresses of `family` are configured.
    mutating func nextSource(_ family: Address.Family) -> Address? {
        let sources = family == .v4 ? terms.bind4 : terms.bind6
        guard !sources.isEmpty else { return nil }
        bindTurn &+= 1
        return sources[bindTurn % sources.count]
    }
}

/// Answers that are always the same.
struct ReadyAnswers: ~Copyable {
    /// The answer to a CONNECT that succeeded.
    let established: Extent
    /// The answer to a client for whom there isn't even a slot.
    let full: Extent
    /// What a client is told that waits before it sends a body.
    let goOn: Extent
    private let blocks: Blocks

    /// The answers of the proxy of this name.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(name: String) throws(SystemError) {
        let blocks = try Blocks(count: 3, blockSize: Terms.answerBytesMax)
        var sink = ExtentSink(blocks[0])
        Answer.writeEstablished(to: &sink)
        established = blocks[0].part(0..<sink.count)
        var fullSink = ExtentSink(blocks[1])
        Answer.write(.outOfDescriptors, name: name, to: &fullSink)
        full = blocks[1].part(0..<fullSink.count)
        var goOnSink = ExtentSink(blocks[2])
        goOnSink.append("HTTP/1.1 100 Continue\r\n\r\n")
        goOn = blocks[2].part(0..<goOnSink.count)
        self.blocks = blocks
    }
}

/// Writes bytes into an extent, up to its end.
package struct ExtentSink: ByteSink {
    private let extent: Extent
    /// Bytes that have been written.
    package private(set) var count = 0
    /// Whether the extent was too small for all of them.
    package private(set) var hasOverflowed = false

    package init(_ extent: Extent) {
        self.extent = extent
    }

    package mutating func append(_ byte: UInt8) {
        guard count < extent.count else {
            hasOverflowed = true
            return
        }
        extent[count] = byte
        count += 1
    }
}

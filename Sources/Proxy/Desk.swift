internal import Connect
internal import Kernel
internal import MethodTunnel

/// What a worker has of one session: its state, who serves it, and who it is.
///
/// Its memory is the worker's, at the same index: `Sessions` hands it in.
struct Desk: ~Copyable {
    /// Where one of its streams is served.
    struct Seat {
        /// The slot of its tunnel, and which stream of the slot it serves.
        var tunnel: UInt32?
        var generation: UInt32 = 0
        /// The carrier whose request waits for the decision on it.
        var opener: UInt32?
    }

    private(set) var session: Session
    private var pool: BlockPool
    private var polls: PollDesk
    /// Whether there is a session.
    private(set) var isLive = false
    /// How many sessions have been here, this one included.
    private(set) var life: UInt32 = 0
    /// Whether it stands in the queue of those that have something to do.
    var isTouched = false
    /// Whether answers that go on are to end, so that the client says with its next requests what
    /// it has.
    var isSettling = false
    /// For each lane the carrier whose request gets new frames.
    var served = InlineArray<4, UInt32?>(repeating: nil)
    /// When a request was last answered that had waited: its client has had no reason to be heard.
    private(set) var left = Instant(nanoseconds: 0)
    /// The lane that is looked at first, so that each has its turn.
    var firstLane = 0
    /// By the slots of streams, as far as they have been used.
    private(set) var seats: [Seat] = []
    /// Streams on which has been decided since the openers were told last.
    private var decided: [UInt16] = []
    /// The user's name; empty where there are no users.
    private(set) var user: [UInt8] = []
    /// By what the sessions of its user are counted.
    private(set) var quota: UInt64 = 0

    init() {
        session = Session(.server, SessionTerms())
        pool = BlockPool(count: 1, blockSize: 1)
        polls = PollDesk(lanes: 0)
    }

    // MARK: Beginning and ending

    /// A new session of `user` begins, on these terms.
    mutating func begin(_ terms: SessionTerms, blocks: Int, user: [UInt8], quota: UInt64) {
        session = Session(.server, terms)
        pool = BlockPool(count: blocks, blockSize: terms.blockSize)
        polls = PollDesk(lanes: terms.lanes)
        isLive = true
        life &+= 1
        self.user = user
        self.quota = quota
    }

    /// The session has ended; nobody serves it any more.
    mutating func end() {
        session = Session(.server, SessionTerms())
        pool = BlockPool(count: 1, blockSize: 1)
        polls = PollDesk(lanes: 0)
        isLive = false
        served = InlineArray(repeating: nil)
        seats = []
        decided = []
        user = []
    }

    mutating func drain() { session.drain() }

    /// Whether the client doesn't have all yet that is on its lanes, or will be.
    var isUnsettled: Bool {
        guard isLive else { return false }
        return session.hasToTell || session.outlets.contains { $0.keptByteCount > 0 }
            || (0..<seats.count).contains { session[$0].phase == .open }
    }

    /// Whether a stream is open, or being opened.
    var hasStreams: Bool {
        (0..<seats.count).contains { session[$0].phase == .open || session[$0].phase == .opening }
    }

    /// Whether its memory holds nothing: neither bytes of its client, nor any for it.
    var isEmpty: Bool {
        pool.freeCount == pool.count && !session.outlets.contains { $0.keptByteCount > 0 }
    }

    // MARK: Streams

    /// The client asks for a stream; `fingerprint` tells its authority from others.
    ///
    /// A slot whose last stream has ended is taken until the tunnel of that has been told, and
    /// whoever asked for it.
    mutating func open(
        _ number: StreamNumber,
        _ fingerprint: UInt64
    ) throws(Violation) -> MethodTunnel.Opening {
        if number.slot < seats.count, number.generation > session[number.slot].generation,
            seats[number.slot].tunnel != nil || seats[number.slot].opener != nil
        {
            return .busy
        }
        let opening = try session.open(number, fingerprint: fingerprint)
        if seats.isEmpty { seats.reserveCapacity(session.terms.slots) }
        while seats.count <= number.slot { seats.append(Seat()) }
        return opening
    }

    /// The client ends a stream by a request.
    mutating func end(_ number: StreamNumber) throws(Violation) {
        try session.end(number, .ended, &pool)
    }

    mutating func seat(_ stream: Int, tunnel: UInt32) {
        seats[stream].tunnel = tunnel
        seats[stream].generation = session[stream].generation
    }

    /// Whether the stream of the tunnel in the seat of `stream` has been ended by its client.
    func wasReset(_ stream: Int) -> Bool {
        let state = session[stream]
        return state.peerReset != nil
            || seats[stream].tunnel != nil && state.generation != seats[stream].generation
    }

    mutating func seat(_ stream: Int, opener: UInt32?) { seats[stream].opener = opener }

    mutating func didConnect(_ stream: Int) {
        if session.didConnect(stream) { decided.append(UInt16(stream)) }
    }

    mutating func refuse(_ stream: Int, _ refusal: Refusal) {
        if session.refuse(stream, refusal) { decided.append(UInt16(stream)) }
    }

    /// The tunnel of `stream` has ended; in order, if there is no reason for a reset.
    mutating func leave(_ stream: Int, _ reason: ResetReason?) {
        seats[stream].tunnel = nil
        guard let reason, session[stream].phase == .opening || session[stream].phase == .open
        else { return }
        session.reset(stream, reason, &pool)
        decided.append(UInt16(stream))
    }

    /// A stream on which has been decided, and whose opener is to be told.
    mutating func nextDecided() -> Int? { decided.popLast().map(Int.init) }

    /// A stream to which something has happened.
    mutating func nextTouched() -> Int? { session.nextTouched() }

    // MARK: Bytes of a stream

    /// Moves bytes that wait for the upstream of `stream` into `extent`; how many.
    mutating func read(_ stream: Int, into extent: Extent, _ memory: Extent) -> Int {
        var count = 0
        while count < extent.count, let place = session.readable(stream, pool) {
            let start = place.block * pool.blockSize + place.range.lowerBound
            let piece = min(place.range.count, extent.count - count)
            memory.part(start..<(start + piece)).copy(to: extent.part(count..<(count + piece)))
            session.consume(stream, piece, &pool)
            count += piece
        }
        return count
    }

    mutating func finishIncoming(_ stream: Int) { session.finishIncoming(stream) }

    mutating func endOutgoing(_ stream: Int) { session.endOutgoing(stream) }

    mutating func offer(_ stream: Int, _ count: Int) { session.offer(stream, count) }

    // MARK: Lanes

    /// Takes `bytes` of `lane`, from where it has come to on; whether there was room for all.
    mutating func take(
        _ lane: Int,
        _ bytes: Extent,
        _ memory: Extent
    ) throws(Violation) -> Bool {
        var index = 0
        while true {
            let intake = try bytes.withBytes { span throws(Violation) in
                try session.take(lane, span, &index, &pool)
            }
            switch intake {
            case .end: return true
            case .blocked: return false
            case .store(let place, let range):
                let start = place.block * pool.blockSize + place.range.lowerBound
                bytes.part(range).copy(to: memory.part(start..<(start + range.count)))
            }
        }
    }

    /// A request for bytes of `lane` has come.
    mutating func begin(
        _ lane: Int,
        from offset: UInt64,
        serial: UInt64
    ) throws(Violation) -> PollDesk.Start {
        try polls.begin(lane, from: offset, serial: serial, of: &session)
    }

    /// The carrier that served `lane` doesn't any more.
    mutating func leave(lane: Int, _ now: Instant) {
        served[lane] = nil
        left = now
        polls.end(lane)
    }

    mutating func nextFrame(_ lane: Int, limit: Int) -> Frame? {
        session.nextFrame(lane, limit: limit)
    }

    mutating func pad(_ lane: Int) -> Frame? { session.pad(lane) }
}

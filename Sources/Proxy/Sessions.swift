internal import Connect
internal import Kernel
internal import MethodTunnel

/// The sessions of a worker, and the memory that each of them has for itself.
///
/// A session can fill nobody's memory but its own: the rings of its down lanes, and the blocks in
/// which bytes of its up lanes wait. Both are backed only where they have been used, and given back
/// to the system when it ends.
struct Sessions: ~Copyable {
    let terms: MethodTerms
    /// Who has them, and by which ids.
    var table: SessionTable
    /// What there is of each, by its index in the table.
    var desks: Slab<Desk>
    /// When each of them is looked at for having been left.
    var deadlines: Deadlines
    /// Those that have something to do.
    private var touched: [Int] = []
    private let rings: Blocks
    private let blocks: Blocks
    private let passages: Table<Passage>
    private let lanesMax: Int

    /// Room for the sessions of `terms`, whose streams have tunnels in `slots` slots.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(_ terms: MethodTerms, slots: Int, now: Instant) throws(SystemError) {
        let count = terms.sessionsMax
        lanesMax = Int(terms.parameters.lanes)
        let laneCapacity = Int(terms.parameters.laneCapacity)
        var desks = try Slab<Desk>(capacity: max(count, 1))
        for _ in 0..<count { _ = desks.take { _ in Desk() } }
        let rings = try Blocks(count: count, blockSize: lanesMax * laneCapacity)
        let blocks = try Blocks(count: count, blockSize: terms.blocksPerSession * terms.blockSize)
        let deadlines = try Deadlines(slots: count, now: now)
        let passages = try Table<Passage>(zeroed: terms.isOn ? slots : 0)
        table = SessionTable(
            capacity: count,
            grace: UInt64(terms.parameters.grace) * 1_000_000_000
        )
        touched.reserveCapacity(count)
        self.desks = desks
        self.rings = rings
        self.blocks = blocks
        self.deadlines = deadlines
        self.passages = passages
        self.terms = terms
    }

    /// Sessions at present.
    var count: Int { table.count }

    /// Where the bytes of up lanes wait that the session at `index` has taken.
    func memory(_ index: Int) -> Extent { blocks[index] }

    /// The ring of `lane` of the session at `index`.
    func ring(_ index: Int, _ lane: Int) -> Extent {
        let capacity = Int(terms.parameters.laneCapacity)
        return rings[index].part((lane * capacity)..<((lane + 1) * capacity))
    }

    /// The session at `index` has something to do by the end of this turn.
    mutating func touch(_ index: Int) {
        let slot = UInt32(index)
        guard desks[slot].isLive, !desks[slot].isTouched else { return }
        desks[slot].isTouched = true
        touched.append(index)
    }

    /// A session that has something to do.
    mutating func nextTouched() -> Int? {
        guard let index = touched.popLast() else { return nil }
        desks[UInt32(index)].isTouched = false
        return index
    }

    /// Forgets the session at `index`, and gives its memory back.
    mutating func remove(_ index: Int) {
        desks[UInt32(index)].end()
        table.remove(index)
        deadlines.clear(UInt32(index))
        rings.empty(index)
        blocks.empty(index)
    }

    /// Gives the memory of the session at `index` back to the system if it holds nothing.
    func rest(_ index: Int) {
        guard desks[UInt32(index)].isEmpty else { return }
        rings.empty(index)
        blocks.empty(index)
    }

    // MARK: What a tunnel has of them

    /// The tunnel in `slot` serves `stream` of the session at `index`.
    mutating func join(_ slot: UInt32, _ index: Int, _ stream: Int) {
        passages[Int(slot)] = Passage(index, stream)
        desks[UInt32(index)].seat(stream, tunnel: slot)
    }

    /// The tunnel in `slot` has ended, or its session has.
    mutating func leave(_ slot: UInt32, _ reason: ResetReason?) {
        guard let (index, stream) = passages[Int(slot)].ends else { return }
        passages[Int(slot)] = Passage()
        desks[UInt32(index)].leave(stream, reason)
        touch(index)
    }

    /// Nothing that the tunnel in `slot` does is of its session any more.
    func forget(_ slot: UInt32) { passages[Int(slot)] = Passage() }

    /// The upstream of the tunnel in `slot` is connected.
    mutating func didConnect(_ slot: UInt32) {
        guard let (index, stream) = passages[Int(slot)].ends else { return }
        desks[UInt32(index)].didConnect(stream)
        touch(index)
    }

    /// The tunnel in `slot` can't be.
    mutating func refuse(_ slot: UInt32, _ refusal: Refusal) {
        guard let (index, stream) = passages[Int(slot)].ends else { return }
        desks[UInt32(index)].refuse(stream, refusal)
        touch(index)
    }

    /// Moves bytes of the client for the tunnel in `slot` into `extent`; how many.
    mutating func read(_ slot: UInt32, into extent: Extent) -> Int {
        guard let (index, stream) = passages[Int(slot)].ends else { return 0 }
        let count = desks[UInt32(index)].read(stream, into: extent, blocks[index])
        // A window may have become due.
        if count > 0 { touch(index) }
        return count
    }

    /// Whether there are bytes of the client for the tunnel in `slot`, or all have been read.
    func hasNews(_ slot: UInt32) -> Bool {
        guard let (index, stream) = passages[Int(slot)].ends else { return false }
        let state = desks[UInt32(index)].session[stream]
        return state.readableByteCount > 0 || state.isAtEnd
    }

    /// Whether all bytes of the client for the tunnel in `slot` have been read, and no more follow.
    func isAtEnd(_ slot: UInt32) -> Bool {
        guard let (index, stream) = passages[Int(slot)].ends else { return false }
        return desks[UInt32(index)].session[stream].isAtEnd
    }

    /// Whether no byte of the tunnel in `slot` is on its way between its client and here.
    func isQuiet(_ slot: UInt32) -> Bool {
        guard let (index, stream) = passages[Int(slot)].ends else { return true }
        return desks[UInt32(index)].session.isQuiet(stream)
    }

    /// The client of the tunnel in `slot` is to say what it has.
    mutating func settle(_ slot: UInt32) {
        guard let (index, _) = passages[Int(slot)].ends else { return }
        desks[UInt32(index)].isSettling = true
        touch(index)
    }

    /// The upstream of the tunnel in `slot` has sent `count` bytes that are on no lane yet.
    mutating func offer(_ slot: UInt32, _ count: Int) {
        guard let (index, stream) = passages[Int(slot)].ends else { return }
        desks[UInt32(index)].offer(stream, count)
        touch(index)
    }

    /// The end of what the client sends has been passed on, if `isOutbound`, or else that of what
    /// the upstream sends has come.
    mutating func passOnEnd(_ slot: UInt32, isOutbound: Bool) {
        guard let (index, stream) = passages[Int(slot)].ends else { return }
        if isOutbound {
            desks[UInt32(index)].finishIncoming(stream)
        } else {
            desks[UInt32(index)].endOutgoing(stream)
        }
        touch(index)
    }
}

/// Which stream of which session a tunnel serves.
private struct Passage: BitwiseCopyable {
    /// One more than the index; 0, as in zeroed memory, is none.
    private var session: UInt32 = 0
    private var stream: UInt32 = 0

    init() {}

    init(_ session: Int, _ stream: Int) {
        self.session = UInt32(session) + 1
        self.stream = UInt32(stream)
    }

    /// The index of the session, and the slot of the stream.
    var ends: (session: Int, stream: Int)? {
        session > 0 ? (Int(session) - 1, Int(stream)) : nil
    }
}

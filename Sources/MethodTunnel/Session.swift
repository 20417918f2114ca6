/// What both ends of a session have agreed on.
public struct SessionTerms: Equatable, Sendable {
    /// Lanes up, and as many down.
    public var lanes = 4
    /// Slots for streams.
    public var slots = 1024
    /// Bytes of each stream that this end takes beyond those it has passed on.
    public var streamWindow = 65536
    /// The same for all streams together.
    public var sessionWindow = 1_048_576
    /// What the other end takes of each stream at first.
    public var peerStreamWindow = 65536
    /// What the other end takes of all streams at first.
    public var peerSessionWindow = 1_048_576
    /// Bytes that this end keeps of each lane on which it sends.
    public var laneCapacity = 262_144
    /// Bytes that this end keeps of all lanes together, beyond an eighth of its capacity for each.
    public var keptMax = Int.max
    /// Bytes that the other end keeps of each lane on which it sends.
    public var peerLaneCapacity = 262_144

    /// The defaults.
    public init() {}

    /// The smallest block for which a window fits in those that a stream can have.
    public var blockSize: Int { (streamWindow + BlockWindow.blocksMax - 2) / 16 }
}

/// One end of a session: decides what goes on the lanes, and what comes of what arrives.
///
/// It neither reads nor writes a byte of a stream: these lie in memory of the caller, who is told
/// where they belong. Nothing is allocated but with the first stream, and little as more slots are
/// used than ever before.
///
///     source ──offer──▶ nextFrame ──▶ ring of the outlet ──▶ requests or answers
///     requests or answers ──▶ take ──▶ blocks of the pool ──readable, consume──▶ sink
public struct Session: ~Copyable, Sendable {
    /// Which end it is.
    public enum Role: UInt8, Sendable {
        /// It opens streams.
        case client
        /// It makes their connections.
        case server
    }

    /// Which end this is.
    public let role: Role
    /// What was agreed on.
    public let terms: SessionTerms
    /// The lanes on which this end sends.
    public internal(set) var outlets: [LaneOutlet]
    var inlets: [LaneInlet]
    var streams: [TunnelStream] = []
    /// Slots with something other than data to tell.
    var controls = SlotQueue()
    /// Slots with data or an end to send, in turn.
    var senders = SlotQueue()
    var touched = SlotQueue()
    var freeSlots: [UInt16] = []

    var sentByteCount: UInt64 = 0
    var sendLimit: UInt64
    var receivedByteCount: UInt64 = 0
    var consumedByteCount: UInt64 = 0
    var granted: UInt64
    /// When less is left to the other end of this one's window, streams are looked at for windows
    /// that are to be raised.
    var lookBelow: UInt64
    /// How far the other end knows that this one has each lane.
    var keptTold: [UInt64]
    /// Whether this client tells how far it has the lanes by frames, not only by requests.
    public var tellsKept = false
    /// Lanes for which this client makes requests at present, from lane 0 on.
    public var askedLanes = 4
    var wantsDrain = false
    /// Whether the server takes no new streams.
    public internal(set) var isDraining = false

    /// A session without streams.
    public init(_ role: Role, _ terms: SessionTerms) {
        precondition((1...4).contains(terms.lanes))
        precondition((1...StreamNumber.slotsMax).contains(terms.slots))
        self.role = role
        self.terms = terms
        outlets = Array(repeating: LaneOutlet(capacity: terms.laneCapacity), count: terms.lanes)
        inlets = Array(repeating: LaneInlet(), count: terms.lanes)
        keptTold = Array(repeating: 0, count: terms.lanes)
        sendLimit = UInt64(terms.peerSessionWindow)
        granted = UInt64(terms.sessionWindow)
        lookBelow = UInt64(terms.sessionWindow / 4)
    }

    /// How far this end has the lane `lane` on which the other one sends.
    public func taken(_ lane: Int) -> UInt64 { inlets[lane].taken }

    /// The stream in `slot`.
    public subscript(slot: Int) -> TunnelStream {
        slot < streams.count ? streams[slot] : TunnelStream()
    }

    /// Whether the server is done with each stream that this client has ever had: it has got, and
    /// passed on, all that was put on lanes for it.
    public var isSettled: Bool { streams.indices.allSatisfy { streams[$0].phase == .free } }

    /// A request has told how far this client has the lane `lane`.
    public mutating func didAsk(_ lane: Int) { keptTold[lane] = inlets[lane].taken }

    /// A slot in which something has happened since it was last returned: bytes came, or the end,
    /// a reset, a wider window, or the stream was established.
    public mutating func nextTouched() -> Int? { touched.popFirst() }

    /// The other end has what is before `offset` of `lane`.
    public mutating func acknowledge(_ lane: Int, _ offset: UInt64) throws(Violation) {
        guard lane < outlets.count else { throw .outOfRange }
        try outlets[lane].acknowledge(offset)
    }

    /// The server takes no new streams from now on.
    public mutating func drain() {
        precondition(role == .server)
        guard !isDraining else { return }
        wantsDrain = true
        isDraining = true
    }

    /// Whether the other end is to be told something that stands on no lane yet, bytes and windows
    /// of open streams apart.
    public var hasToTell: Bool { wantsDrain || controls.count > 0 }

    /// Memory for all slots is set aside with the first of them, and touched only as they are used:
    /// an array that grew step by step would leave as much behind.
    mutating func grow(toHold slot: Int) {
        if streams.isEmpty { streams.reserveCapacity(terms.slots) }
        while streams.count <= slot { streams.append(TunnelStream()) }
        controls.grow(to: streams.count)
        senders.grow(to: streams.count)
        touched.grow(to: streams.count)
    }

    mutating func want(_ wants: TunnelStream.Wants, _ slot: Int) {
        streams[slot].wants.formUnion(wants)
        controls.append(slot)
    }

    /// Begins a stream: what is left of the last one in its slot is forgotten.
    mutating func begin(_ number: StreamNumber, fingerprint: UInt64) {
        grow(toHold: number.slot)
        var stream = TunnelStream()
        stream.phase = .opening
        stream.generation = number.generation
        stream.fingerprint = fingerprint
        stream.sendLimit = UInt64(terms.peerStreamWindow)
        stream.granted = UInt64(terms.streamWindow)
        streams[number.slot] = stream
    }
}

internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel

/// One connection that carries requests of the tunnel without CONNECT, one after another.
///
///     free → readingHead → identifying → readingBody → waiting → answering → readingHead …
///                │              │             │           │       ↑ │ ↓
///                └──────────────┴─────────────┴───────────┘       │ flowing
///                               │                                 └───┘
///                               └→ answering → lingering → closing → free
///
/// Its requests may be of several sessions, so it has none of its own. While it waits, be it for a
/// request, a decision, or bytes of a server, the kernel has nothing of it but the socket, and a
/// receive if it waits for a request.
struct Carrier: ~Copyable {
    enum State: UInt8 {
        case free, readingHead, identifying, readingBody, waiting, answering, flowing
        case lingering, closing
    }

    /// What comes of a request, once its body has been read.
    struct Outcome {
        var result: AnswerResult
        var value: UInt64 = 0
    }

    let slot: UInt32
    var state = State.free
    var generation: UInt16 = 0
    var inFlight: UInt16 = 0
    var descriptor: Int32 = -1
    /// Who is at its other end, if anybody wants to know.
    var client: Endpoint?
    /// Whether the shared limits count it.
    var isAdmitted = false
    var isReceiving = false
    var isSending = false
    var isWatching = false
    /// Bytes that have been thrown away while it lingers.
    var discarded = 0

    // The request.
    var parser = RequestHeadParser()
    var head: RequestHead?
    /// When its first byte came, or the connection did.
    var began = Instant(nanoseconds: 0)
    /// Bytes of the input block that have been received, and how many of them have been read.
    var received = 0
    var consumed = 0
    var target = Target(.quit, session: .none, serial: 0)
    var body: BodyReader?
    /// Bytes of the body that have been collected.
    var collected = 0
    /// Who asks; 0 where there are no users.
    var user: UInt64 = 0
    /// The session that it names, by its index and its life there.
    var session: Int?
    var life: UInt32 = 0
    /// What is known to come of it while the body is still read.
    var outcome: Outcome?
    /// The lane offset of the next byte of the body, or of the answer.
    var position: UInt64 = 0

    // The answer.
    /// Whether the connection is kept behind it.
    var persists = false
    var outputCount = 0
    var outputSent = 0
    /// Bytes of a lane that the answer still brings, its length being known.
    var lengthLeft = 0
    /// Bytes of a lane that it may bring at most.
    var sizeLeft = 0
    /// Until when it waits for bytes.
    var waitEnd = Instant(nanoseconds: 0)
    /// When something was sent last.
    var lastSent = Instant(nanoseconds: 0)
    /// Whether it is a streaming one whose end has not been written.
    var isOpenEnded = false
    /// Whether its end is to be written as soon as what is under way has been sent.
    var isOver = false

    init(slot: UInt32) { self.slot = slot }

    /// A connection is taken over, with what has been read of it.
    mutating func begin(_ descriptor: Int32, _ client: Endpoint?, _ began: Instant) {
        precondition(state == .free && inFlight == 0)
        generation &+= 1
        self.descriptor = descriptor
        self.client = client
        isAdmitted = false
        discarded = 0
        received = 0
        consumed = 0
        beginRequest(began)
    }

    /// The next request begins.
    mutating func beginRequest(_ now: Instant) {
        state = .readingHead
        parser = RequestHeadParser()
        head = nil
        began = now
        body = nil
        collected = 0
        user = 0
        session = nil
        outcome = nil
        outputCount = 0
        outputSent = 0
        lengthLeft = 0
        sizeLeft = 0
        isOpenEnded = false
        isOver = false
        persists = false
    }

    /// The token for a submission, which is counted as in flight.
    mutating func submitted(_ operation: Operation) -> UInt64 {
        inFlight += 1
        return token(operation)
    }

    func token(_ operation: Operation) -> UInt64 {
        Token(operation, generation: generation, slot: slot).rawValue
    }

    /// Whether it waits for bytes of a lane, or brings them as they come; which lane.
    var lane: Int? {
        switch target.operation {
        case .poll(let lane, _, _, _), .flow(let lane, _, _, _): lane
        default: nil
        }
    }

    /// Whether its request is for bytes as they come.
    var isFlow: Bool {
        if case .flow = target.operation { true } else { false }
    }
}

/// The memory of a worker's carriers, backed only where it is used.
struct CarrierMemory: ~Copyable {
    /// Bytes of a lane that are sent at once.
    static var pieceMax: Int { 65_535 }
    private static var userMax: Int { 256 }
    /// An answer's head, its preamble and what stands around a chunk.
    private static var frameMax: Int { 1024 }

    private let blocks: Blocks
    /// Bytes of a request that may wait to be read.
    let inputMax: Int

    /// Memory of `count` carriers.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(count: Int, _ limits: HeadLimits) throws(SystemError) {
        inputMax = Blocks.wholePages(limits.headBytesMax + 4096)
        let rest = MethodTerms.bodyMax + Self.userMax + Self.frameMax + Self.pieceMax
        blocks = try Blocks(count: count + 1, blockSize: Blocks.wholePages(inputMax + rest))
    }

    /// Where what other workers pass on arrives.
    var passed: Extent { blocks[blocks.count - 1].part(0..<inputMax) }

    /// Where its requests are received.
    func input(_ slot: UInt32) -> Extent { blocks[Int(slot)].part(0..<inputMax) }

    /// Where a body is collected.
    func body(_ slot: UInt32) -> Extent { part(slot, 0, MethodTerms.bodyMax) }

    /// The user's name, behind its length.
    func user(_ slot: UInt32) -> Extent { part(slot, MethodTerms.bodyMax, Self.userMax) }

    /// Where an answer is written.
    func output(_ slot: UInt32) -> Extent {
        part(slot, MethodTerms.bodyMax + Self.userMax, Self.frameMax + Self.pieceMax)
    }

    /// Gives the memory of a carrier that has nothing in it back to the system.
    func empty(_ slot: UInt32) { blocks.empty(Int(slot)) }

    private func part(_ slot: UInt32, _ start: Int, _ count: Int) -> Extent {
        blocks[Int(slot)].part((inputMax + start)..<(inputMax + start + count))
    }
}

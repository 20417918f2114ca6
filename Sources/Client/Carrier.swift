internal import Connect
internal import Kernel
internal import MethodTunnel

/// What a carrier's request is for.
enum Errand: UInt8 {
    case none
    case make
    case open
    case send
    /// `poll` or `flow`.
    case fetch
    case quit
}

/// A connection to the server, or to the network's proxy, that carries one request at a time.
///
///     free → resolving → connecting ─┬→ busy ⇄ idle
///                 └──────────────────┴───┴──────┴──→ closing → free
///
/// A request is given to a carrier as soon as that is taken; it is sent once there is a connection.
/// The answer is read as it comes: its head, the preamble by which it is known to be the server's,
/// then the bytes of a lane, or a short rest. `inFlight` counts what the kernel still holds.
struct Carrier {
    enum State: UInt8 { case free, resolving, connecting, idle, busy, closing }

    let slot: UInt32
    var state = State.free
    var generation: UInt16 = 0
    var inFlight: UInt8 = 0
    var socket: Int32 = -1
    /// Addresses that have been dialled for this connection.
    var dialled = 0
    /// Answers that came whole on this connection.
    var answerCount = 0
    // What is submitted.
    var isReceiving = false
    var isSending = false
    var awaitsRoom = false

    // The request.
    var errand = Errand.none
    var serial: UInt64 = 0
    /// The method of the request is another than POST, which may be forbidden.
    var isOverridable = false
    /// Whether the session is named by a field, which something on the way may drop.
    var namesByField = false
    var lane = 0
    /// The lane offset from which on bytes are asked for.
    var offset: UInt64 = 0
    /// Bytes that are asked for, at most.
    var sizeMax: UInt64 = 0
    /// The local connection that an `open` is for.
    var local: UInt32 = 0
    var localGeneration: UInt16 = 0
    /// Bytes of the request's block, and how many of them have been sent.
    var headCount = 0
    var headSent = 0
    /// The lane offsets of what is left to send of the body behind them.
    var bodyNext: UInt64 = 0
    var bodyEnd: UInt64 = 0

    // The answer.
    var parser = ResponseHeadParser()
    var head: ResponseHead?
    var reader: BodyReader?
    /// Bytes in the input block that have not been dealt with.
    var received = 0
    /// Bytes of the answer's body in the reply block: the preamble, and what follows it but for
    /// bytes of a lane.
    var replyCount = 0
    var preamble: Preamble?
    var preambleTime: UInt64 = 0
    /// When it was made.
    var begun: UInt64 = 0
    /// Whether its preamble came so much later than other answers that something holds small pieces
    /// back for a while.
    var isLate = false
    /// Bytes of the lane that came right behind the preamble.
    var crowd = 0
    /// When bytes of the lane came last, and after how long a silence.
    var laneTime: UInt64 = 0
    var silence: UInt64 = 0
    /// Bytes of the lane since then.
    var burst = 0
    /// Bytes of the lane that it has brought.
    var laneByteCount = 0

    init(slot: UInt32) { self.slot = slot }

    /// Whether bytes may have driven the preamble out of a buffer on the way: it came late, or with
    /// many behind it.
    var isCrowded: Bool { preambleTime >= begun + 500_000_000 || crowd >= 1024 }

    /// Whether its last bytes came after a silence together with its end, now, so that something on
    /// the way seems to have held them back until then.
    func isHeldBack(_ now: UInt64) -> Bool {
        // One that was full ended for that. A frame without payload may keep the connection alive.
        UInt64(laneByteCount) + 65536 < sizeMax && burst > Frame.headerByteCount
            && now < laneTime + 50_000_000 && silence >= 1_000_000_000
    }

    /// Whether the request has been sent whole.
    var hasSentAll: Bool { headSent == headCount && bodyNext == bodyEnd }

    /// Begins to wait for the answer to the request `serial`.
    mutating func begin(_ errand: Errand, _ serial: UInt64, now: UInt64) {
        begun = now
        self.errand = errand
        self.serial = serial
        lane = 0
        offset = 0
        sizeMax = 0
        headCount = 0
        headSent = 0
        bodyNext = 0
        bodyEnd = 0
        parser = ResponseHeadParser()
        head = nil
        reader = nil
        received = 0
        replyCount = 0
        preamble = nil
        preambleTime = 0
        isLate = false
        crowd = 0
        laneTime = 0
        silence = 0
        burst = 0
        laneByteCount = 0
    }
}

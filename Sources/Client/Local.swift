internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel

/// A connection of a program on this machine, which becomes one stream of the session.
///
///     free → readingHead → opening → answering → relaying ──→ closing → free
///                  └───────────┴──→ refusing ────────┴──────────┘
///
/// On a forwarded port there is neither head nor answer. What the program sends is received into a
/// block of its own and goes from there onto the lanes; what comes for it waits in the blocks of
/// the session's pool. `inFlight` counts what the kernel still holds.
struct Local {
    enum State: UInt8 {
        case free, readingHead, opening, answering, relaying, refusing, closing
    }

    let slot: UInt32
    var state = State.free
    var generation: UInt16 = 0
    var inFlight: UInt8 = 0
    var socket: Int32 = -1
    /// Whether it came to a forwarded port.
    var isForwarded = false
    var parser = HeadParser()
    var authority: Authority?
    /// Its stream in the session; nil before it has one.
    var stream: StreamNumber?
    /// The requests to open it.
    var attempts = Attempts()
    /// Whether it stands in the queue of those to be looked at.
    var isQueued = false
    /// Whether it was opened.
    var wasOpened = false

    // From the program. What stands between start and end of its block is on no lane yet.
    var start = 0
    var end = 0
    var sourceEnded = false
    /// Whether what was received last filled the block, so that more is likely to follow at once.
    var sourceHasMore = false
    var isReceiving = false
    var isWatching = false
    // To the program.
    var isSending = false
    var awaitsSink = false
    var sinkEnded = false
    /// Bytes of the answer, and how many of them have been sent.
    var answerCount = 0
    var answerSent = 0

    // For the journal.
    var number: UInt64 = 0
    var client: Endpoint?
    var accepted = Instant(nanoseconds: 0)
    var bytesOut: UInt64 = 0
    var bytesIn: UInt64 = 0
    var status: UInt16 = 0

    init(slot: UInt32) { self.slot = slot }

    /// A program has connected.
    mutating func begin(_ socket: Int32, number: UInt64, now: Instant) {
        precondition(state == .free && inFlight == 0)
        let generation = generation &+ 1
        self = Local(slot: slot)
        self.generation = generation
        self.socket = socket
        self.number = number
        accepted = now
        state = .readingHead
    }
}

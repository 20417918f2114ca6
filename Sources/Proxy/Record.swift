internal import Internet
internal import Kernel

/// What the journal will tell of one tunnel, and whose it is.
///
/// It lives apart from the tunnel, so that without a journal or a limit for each client nobody
/// pays for it.
struct Record: BitwiseCopyable {
    /// The phases of an opening, in their order.
    enum Phase: Int {
        case head, resolve, connect, answer, hello
    }

    /// The number of the tunnel among those that its worker has begun.
    var number: UInt64
    /// The worker that has begun it.
    var worker: UInt32
    /// When the phase under way began; once it is open, when the journal last told of the tunnel.
    var phaseBegan: Instant
    private var microseconds: (UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0)
    var client: Endpoint?
    var dialled: Endpoint?
    /// The address by which rules have judged it: the one that was dialled, or that a parent was
    /// asked for; nil if a parent was asked for the name.
    var judged: Address?
    /// Whether the authority of the request is known.
    var hasAuthority = false
    /// Whether the user is known.
    var hasUser = false
    /// Whether it is a stream of a session.
    var isStream = false
    /// Whether the 200 has been sent.
    var wasOpened = false

    init(number: UInt64, of worker: Int, client: Endpoint?, now: Instant) {
        self.number = number
        self.worker = UInt32(worker)
        self.client = client
        phaseBegan = now
    }

    /// How long each phase took.
    subscript(phase: Phase) -> UInt32 {
        get {
            switch phase {
            case .head: microseconds.0
            case .resolve: microseconds.1
            case .connect: microseconds.2
            case .answer: microseconds.3
            case .hello: microseconds.4
            }
        }
        set {
            switch phase {
            case .head: microseconds.0 = newValue
            case .resolve: microseconds.1 = newValue
            case .connect: microseconds.2 = newValue
            case .answer: microseconds.3 = newValue
            case .hello: microseconds.4 = newValue
            }
        }
    }

    /// `phase` ends now, and the next one begins.
    mutating func end(_ phase: Phase, _ now: Instant) {
        self[phase] = UInt32(clamping: now.nanoseconds(since: phaseBegan) / 1000)
        phaseBegan = now
    }
}

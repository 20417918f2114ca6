public import Connect

/// One stream as an end of a session sees it.
///
///     server: free ─▶ opening ─▶ open ─▶ ended ─▶ opening (the next generation) …
///                        └─▶ refused ──────────────┘
///     client: free ─▶ opening ─▶ open ─▶ closing ─▶ free (when the server has done with it)
public struct TunnelStream: Sendable {
    /// Where it stands.
    public enum Phase: UInt8, Sendable {
        /// There is none.
        case free
        /// Asked for, and not yet decided.
        case opening
        /// Established.
        case open
        /// The server refused it.
        case refused
        /// The server has done with it.
        case ended
        /// Both directions have ended for the client; the server may not have done with it.
        case closing
    }

    /// What is still to be told to the other end, in the order of telling.
    struct Wants: OptionSet {
        let rawValue: UInt8
        static let reset = Wants(rawValue: 1)
        static let window = Wants(rawValue: 2)
        static let done = Wants(rawValue: 4)
    }

    /// Where it stands.
    public internal(set) var phase = Phase.free
    /// Which stream of its slot it is; 0 before the first.
    public internal(set) var generation: UInt32 = 0
    /// Why it was refused.
    public internal(set) var refusal: Refusal?
    /// Why the other end reset it, if it did; a client passes on what came in order before.
    public internal(set) var peerReset: ResetReason?
    /// What the caller made of the authority, to know it again.
    var fingerprint: UInt64 = 0
    var wants = Wants()
    var resetReason = ResetReason.other
    var isDone = false

    // Outgoing.
    /// Bytes that the source has and that are on no lane yet.
    public internal(set) var offered = 0
    /// Bytes put on lanes.
    public internal(set) var sent: UInt64 = 0
    var sendLimit: UInt64 = 0
    var sourceEnded = false
    /// Whether nothing more is sent.
    public internal(set) var outgoingEnded = false
    /// The lane that has the current run of bytes.
    var lane = 0
    /// Where on each lane the last run of bytes ends.
    var laneEnds = [4 of UInt64](repeating: 0)

    // Incoming.
    var reassembly = Reassembly()
    var blocks = BlockWindow()
    /// Bytes that came and were passed on.
    public internal(set) var consumed: UInt64 = 0
    /// Bytes that came, those behind gaps included.
    var stored: UInt64 = 0
    var granted: UInt64 = 0
    var highest: UInt64 = 0
    var final: UInt64?
    /// Whether nothing more is received.
    public internal(set) var incomingEnded = false

    /// Bytes that have come in order and wait to be passed on; none once the flow has ended, when
    /// those behind gaps count as passed on, too.
    public var readableByteCount: Int { incomingEnded ? 0 : Int(reassembly.next - consumed) }

    /// Whether all bytes of the flow have been passed on, so that its end can be.
    public var isAtEnd: Bool { !incomingEnded && final == consumed }

    var isLive: Bool { phase == .opening || phase == .open }

    /// Whether there is something to put on a lane that the stream's window lets through.
    var canSend: Bool {
        guard phase == .open, !outgoingEnded else { return false }
        return offered > 0 ? sent < sendLimit : sourceEnded
    }

    /// Whether bytes of it may be put on `lane`: a run that has left it must have arrived.
    func maySend(on lane: Int, _ outlet: LaneOutlet) -> Bool {
        self.lane == lane || laneEnds[lane] <= outlet.acknowledged
    }
}

/// How a client asks for server bytes, and what it has learned of the network from the answers.
///
///     probing ──streams──▶ flow ──fails twice──▶ long poll ──fails early──▶ short poll
///        └─────buffers, fails──────────────────▶     ▲                          │
///     every 10 minutes, or when things changed: probing again ◀──────────────────┘
public struct Polling: Sendable {
    /// The way it asks.
    public enum Mode: UInt8, Sendable {
        /// A short flow finds out whether bytes come as they are sent.
        case probing
        /// One answer that goes on.
        case flow
        /// An answer when there is something.
        case longPoll
        /// An answer at once.
        case shortPoll
    }

    /// Seconds that a probe lasts.
    public static var probeSeconds: UInt64 { 3 }
    private static var second: UInt64 { 1_000_000_000 }
    /// The first flow is short: not for long does a buffer that the probe did not show hold back
    /// what comes.
    private static var flowSecondsMin: UInt64 { 5 }
    private static var pauseMin: UInt64 { 50_000_000 }
    private static var pauseMax: UInt64 { 2_000_000_000 }
    private static var probeAgain: UInt64 { 600 * second }

    /// The way it asks at present.
    public private(set) var mode = Mode.probing
    /// The longest wait that the server allows and the network has borne, in seconds.
    public private(set) var waitSeconds: UInt64
    private let waitMax: UInt64
    private var flowFailures = 0
    private var flowSeconds = Polling.flowSecondsMin
    private var pause = Polling.pauseMin
    private var probed: UInt64 = 0

    /// Begins with a probe; the server allows waits of `waitMax` seconds.
    public init(waitMax: UInt64) {
        self.waitMax = waitMax
        waitSeconds = waitMax
    }

    /// Whether an answer goes on as bytes come.
    public var goesOn: Bool { mode == .probing || mode == .flow }

    /// Down lanes that are asked for at the same time, of `lanes`.
    ///
    /// While the answer of a long poll is on its way, another one takes what comes next.
    public func laneCount(_ lanes: Int) -> Int { mode == .longPoll ? min(lanes, 2) : 1 }

    /// The operation that asks for `lane` from `offset` on.
    public func operation(_ lane: Int, _ offset: UInt64, size: UInt64) -> TunnelOperation {
        switch mode {
        case .probing:
            let wait = min(Self.probeSeconds, waitMax)
            return .flow(lane: lane, offset: offset, waitSeconds: wait, size: size)
        case .flow:
            let wait = min(flowSeconds, waitSeconds)
            return .flow(lane: lane, offset: offset, waitSeconds: wait, size: size)
        case .longPoll:
            return .poll(lane: lane, offset: offset, waitSeconds: waitSeconds, size: size)
        case .shortPoll:
            return .poll(lane: lane, offset: offset, waitSeconds: 0, size: size)
        }
    }

    /// How long such a request may take before it is given up.
    public var patience: UInt64 {
        let wait = mode == .shortPoll ? 0 : mode == .probing ? Self.probeSeconds : waitSeconds
        return (wait + 15) * Self.second
    }

    /// Things have changed: another network, or the program was away.
    public mutating func probe() {
        mode = .probing
        waitSeconds = waitMax
        flowFailures = 0
    }

    /// Something was sent, so that an answer to it may be near.
    public mutating func didSend() { pause = Self.pauseMin }

    /// An answer came whole.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - early: How long before its end its preamble came.
    ///   - hadFrames: Whether it brought bytes of the lane.
    ///   - isCrowded: Whether they may have driven the preamble out of a buffer on the way.
    ///   - isHeldBack: Whether the last of them came after a silence together with its end.
    ///   - lasted: How long the request took in all.
    /// - Returns: The pause before the next request.
    public mutating func didSucceed(
        _ now: UInt64,
        early: UInt64,
        hadFrames: Bool,
        isCrowded: Bool = false,
        isHeldBack: Bool = false,
        lasted: UInt64 = .max
    ) -> UInt64 {
        switch mode {
        case .probing:
            if isHeldBack, early >= Self.second {
                probed = now
                mode = .longPoll
                return 0
            }
            // Much of it at once: nobody had anything to hold back, or bytes drove others out.
            let isDoubtful = early >= Self.second ? isCrowded : hadFrames && lasted < Self.second
            guard !isDoubtful else { return 0 }
            probed = now
            mode = early >= Self.second ? .flow : .longPoll
            flowSeconds = Self.flowSecondsMin
            return 0
        case .flow where isHeldBack:
            probed = now
            mode = .longPoll
            return 0
        case .flow:
            flowFailures = 0
            flowSeconds = min(flowSeconds * 2, waitMax)
        case .longPoll: break
        case .shortPoll:
            let current = hadFrames ? 0 : pause
            pause = hadFrames ? Self.pauseMin : min(pause * 2, Self.pauseMax)
            probeIfDue(now)
            return mode == .shortPoll ? current : 0
        }
        probeIfDue(now)
        return 0
    }

    private mutating func probeIfDue(_ now: UInt64) {
        guard mode != .flow, now >= probed + Self.probeAgain else { return }
        probe()
    }

    /// A request failed after `duration`.
    public mutating func didFail(_ now: UInt64, after duration: UInt64) {
        switch mode {
        case .probing:
            probed = now
            mode = .longPoll
        case .flow:
            flowFailures += 1
            if flowFailures >= 2 { mode = .longPoll }
        case .longPoll:
            // At once is a failure that a shorter wait would not mend.
            let lasted = duration / Self.second
            guard lasted >= 1, lasted < waitSeconds + 15 else { return }
            waitSeconds = min(waitSeconds, lasted / 2)
            if waitSeconds < 2 { mode = .shortPoll }
        case .shortPoll: break
        }
    }
}

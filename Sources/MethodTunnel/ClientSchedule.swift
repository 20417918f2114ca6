/// When a client makes which request of a session: one at a time on each lane, again after a
/// failure, and as the network allows.
///
/// It decides and never sends. Times are nanoseconds of any clock that never goes back.
public struct ClientSchedule: Sendable {
    private static var second: UInt64 { 1_000_000_000 }
    /// How long a request without a wait may take, or one of which something moves may stand still.
    public static var patience: UInt64 { 30 * second }
    /// Time after which an answer that hasn't come is taken for far too large.
    ///
    /// The session lives for few of these.
    private static var hopeless: UInt64 { 10 * second }
    /// How long a `send` may take: servers wait no longer for a body.
    private static var bodyTime: UInt64 { 60 * second }

    /// How server bytes are asked for.
    public private(set) var polling: Polling
    /// When the last answer came that was the server's own.
    public private(set) var heard: UInt64
    private let grace: UInt64
    private let sizeMax: UInt64
    /// Bytes that an answer can bring at once, since the server keeps no more.
    private let keptMax: Int
    private var body: Portion
    /// What polls ask for.
    private var piece: Portion
    private var luck: [BodyLuck]
    private var uploads: [Attempts]
    private var downloads: [Attempts]
    /// Lanes on which an answer may have been lost.
    private var isUnsettled: [Bool]
    private var serial: UInt64
    private var chance: UInt64

    /// The schedule of a session that was made at `now`.
    ///
    /// - Parameters:
    ///   - parameters: What the server told of itself.
    ///   - lanes: As agreed on.
    ///   - serial: The serial of the last request.
    ///   - seed: A random number that isn't 0, to spread pauses by.
    ///   - now: The time.
    public init(
        _ parameters: Parameters,
        lanes: Int,
        serial: UInt64,
        seed: UInt64,
        now: UInt64
    ) {
        polling = Polling(waitMax: UInt64(parameters.waitMax))
        body = Portion(Int(parameters.sendMax))
        piece = Portion(Int(parameters.answerMax))
        heard = now
        grace = UInt64(parameters.grace) * Self.second
        sizeMax = UInt64(parameters.answerMax)
        keptMax = Int(parameters.laneCapacity)
        luck = Array(repeating: BodyLuck(), count: lanes)
        uploads = Array(repeating: Attempts(), count: lanes)
        downloads = Array(repeating: Attempts(), count: lanes)
        isUnsettled = Array(repeating: false, count: lanes)
        self.serial = serial
        chance = seed | 1
    }

    /// Whether the server can't have kept the session.
    public func isOver(_ now: UInt64) -> Bool { now >= heard + grace }

    /// A serial greater than all before.
    public mutating func nextSerial() -> UInt64 {
        serial += 1
        return serial
    }

    /// A random number (xorshift64), for pauses.
    public mutating func nextChance() -> UInt64 {
        chance ^= chance << 13
        chance ^= chance >> 7
        chance ^= chance << 17
        return chance
    }

    /// An answer has come that was the server's own.
    public mutating func didHear(_ now: UInt64) { heard = now }

    /// The network is another one, or the program was away: what is known of it doesn't count.
    public mutating func probe() { polling.probe() }

    // MARK: Up lanes

    /// The largest body of `send` that the network and the server take.
    public var bodyMax: Int { body.byteCount }

    /// The same for the next body on `lane`: when one has failed without an answer, a small one
    /// brings the answer that tells how much of it has arrived.
    public func bodyMax(_ lane: Int) -> Int {
        luck[lane].isDoubtful ? min(body.least, body.byteCount) : body.byteCount
    }

    /// Whether the bodies of uploads can still become smaller.
    public var maySendLess: Bool { body.byteCount > body.least }

    /// Whether a `send` on `lane` may begin now: the caller puts frames on it, and begins if the
    /// lane then keeps bytes.
    public func mayUpload(_ lane: Int, _ now: UInt64) -> Bool { uploads[lane].isDue(now) }

    /// Whether a `send` is under way on some lane.
    public var isUploading: Bool { uploads.contains { $0.serial != nil } }

    /// Begins a `send` on `lane`.
    public mutating func beginUpload(
        _ lane: Int,
        _ now: UInt64,
        _ session: borrowing Session
    ) -> Target {
        let serial = nextSerial()
        uploads[lane].begin(serial, now, patience: Self.patience)
        luck[lane].byteCount = min(session.outlets[lane].keptByteCount, bodyMax(lane))
        polling.didSend()
        let operation = TunnelOperation.send(lane: lane, offset: session.outlets[lane].acknowledged)
        return Target(operation, session: .field, serial: serial)
    }

    /// Bytes of the `send` have gone.
    public mutating func uploadMoved(_ lane: Int, serial: UInt64, _ now: UInt64) {
        guard uploads[lane].serial == serial else { return }
        uploads[lane].move(now, patience: Self.patience, durationMax: Self.bodyTime)
    }

    /// The server has taken the lane up to `offset`.
    ///
    /// - Throws: If it claims more than there is.
    public mutating func didUpload(
        _ lane: Int,
        serial: UInt64,
        upTo offset: UInt64,
        _ now: UInt64,
        _ session: inout Session
    ) throws(Violation) {
        let before = session.outlets[lane].acknowledged
        try session.acknowledge(lane, offset)
        guard uploads[lane].serial == serial else { return }
        if !luck[lane].isDoubtful {
            body.grow(by: luck[lane].byteCount)
            luck[lane].failures = 0
        }
        luck[lane].isDoubtful = false
        if session.outlets[lane].acknowledged > before {
            uploads[lane].succeed(now)
        } else {
            uploads[lane].fail(now, broughtBytes: false, chance: nextChance())
        }
    }

    /// The `send` failed.
    ///
    /// - Parameters:
    ///   - lane: Its lane.
    ///   - serial: Its serial.
    ///   - now: The time.
    ///   - isTooLarge: Whether its body was refused for its size (413).
    ///   - isAnswered: Whether it was the server that refused it.
    ///   - isStale: Whether it failed because a connection that was kept had ended, which tells
    ///     nothing of the network: it is made again at once.
    public mutating func uploadFailed(
        _ lane: Int,
        serial: UInt64,
        _ now: UInt64,
        isTooLarge: Bool = false,
        isAnswered: Bool = false,
        isStale: Bool = false
    ) {
        guard uploads[lane].serial == serial else { return }
        if isTooLarge {
            body.forbid()
        } else if !isAnswered {
            doubt(lane, isStale: isStale)
        }
        uploads[lane].fail(now, broughtBytes: isStale, chance: nextChance())
    }

    /// A body failed without an answer.
    ///
    /// Once in a while that is the network's way; twice in a row it may be for its size.
    private mutating func doubt(_ lane: Int, isStale: Bool) {
        luck[lane].isDoubtful = true
        guard !isStale, luck[lane].byteCount > body.least else { return }
        luck[lane].failures += 1
        if luck[lane].failures >= 2 { body.halve(from: luck[lane].byteCount) }
    }

    // MARK: Down lanes

    /// Whether a request for `lane` is to begin now.
    public func mayDownload(_ lane: Int, _ now: UInt64) -> Bool {
        let isWanted = lane < polling.laneCount(downloads.count) || isUnsettled[lane]
        return isWanted && downloads[lane].isDue(now)
    }

    /// Begins a `poll` or `flow` for `lane`.
    public mutating func beginDownload(
        _ lane: Int,
        _ now: UInt64,
        _ session: borrowing Session
    ) -> Target {
        let serial = nextSerial()
        downloads[lane].begin(serial, now, patience: polling.patience)
        isUnsettled[lane] = true
        let size = polling.goesOn ? sizeMax : UInt64(piece.byteCount)
        let operation = polling.operation(lane, session.taken(lane), size: size)
        return Target(operation, session: .field, serial: serial)
    }

    /// Bytes of the answer have come.
    public mutating func downloadMoved(_ lane: Int, serial: UInt64, _ now: UInt64) {
        guard downloads[lane].serial == serial else { return }
        downloads[lane].move(now, patience: Self.patience)
    }

    /// The answer has come whole.
    ///
    /// - Parameters:
    ///   - lane: Its lane.
    ///   - serial: The serial of the request.
    ///   - now: The time.
    ///   - early: How long before its end its preamble came.
    ///   - byteCount: How many bytes it brought.
    ///   - isCrowded: Whether they may have driven the preamble out of a buffer on the way, which
    ///     would hold fewer back.
    ///   - isHeldBack: Whether the last of them came after a silence together with its end.
    public mutating func didDownload(
        _ lane: Int,
        serial: UInt64,
        _ now: UInt64,
        early: UInt64,
        byteCount: Int,
        isCrowded: Bool = false,
        isHeldBack: Bool = false
    ) {
        guard downloads[lane].serial == serial else { return }
        isUnsettled[lane] = false
        if !polling.goesOn { piece.grow(by: byteCount) }
        let pause = polling.didSucceed(
            now,
            early: early,
            hadFrames: byteCount > 0,
            isCrowded: isCrowded,
            isHeldBack: isHeldBack,
            lasted: downloads[lane].duration(now)
        )
        downloads[lane].succeed(now, pause: pause)
    }

    /// The request failed, or its answer was cut.
    ///
    /// - Parameters:
    ///   - lane: Its lane.
    ///   - serial: Its serial.
    ///   - now: The time.
    ///   - broughtBytes: Whether bytes of the lane came before.
    ///   - isStale: Whether it failed because a connection that was kept had ended, which tells
    ///     nothing of the network: it is made again at once.
    public mutating func downloadFailed(
        _ lane: Int,
        serial: UInt64,
        _ now: UInt64,
        broughtBytes: Bool,
        isStale: Bool = false
    ) {
        guard downloads[lane].serial == serial else { return }
        let duration = downloads[lane].duration(now)
        // What fails at once isn't too much. An answer that is passed on whole may be.
        if !isStale, !broughtBytes, !polling.goesOn, duration >= Self.second {
            piece.halve(from: keptMax)
            if duration >= Self.hopeless { piece.halve(from: keptMax) }
        }
        if !isStale { polling.didFail(now, after: duration) }
        downloads[lane].fail(now, broughtBytes: broughtBytes || isStale, chance: nextChance())
    }

    // MARK: Time

    /// Whether the request `serial` on a lane is under way; if not, its answer no longer counts.
    public func isUnderWay(_ serial: UInt64) -> Bool {
        uploads.contains { $0.serial == serial } || downloads.contains { $0.serial == serial }
    }

    /// Gives up what has had its time; their answers no longer count.
    ///
    /// - Returns: Whether there was something.
    @discardableResult
    public mutating func expire(_ now: UInt64) -> Bool {
        var hasExpired = false
        for lane in uploads.indices {
            if uploads[lane].hasExpired(now), let serial = uploads[lane].serial {
                uploadFailed(lane, serial: serial, now)
                hasExpired = true
            }
            if downloads[lane].hasExpired(now), let serial = downloads[lane].serial {
                let hasMoved = downloads[lane].hasMoved
                downloadFailed(lane, serial: serial, now, broughtBytes: hasMoved)
                hasExpired = true
            }
        }
        return hasExpired
    }

    /// When something is due by itself: a request given up, or a pause over.
    public func wakeTime(_ now: UInt64) -> UInt64 {
        var earliest = heard + grace
        for lane in uploads.indices {
            if let time = uploads[lane].nextTime(now) { earliest = min(earliest, time) }
            if let time = downloads[lane].nextTime(now) { earliest = min(earliest, time) }
        }
        return earliest
    }
}

/// One direction of a tunnel: decides what its bytes do next, and never does it.
///
///     watching ──▶ receiving ──▶ sending ──▶ receiving …          copying, bytes in a buffer
///        │ ▲                        │ large receives in a row
///        ▼ │                        ▼
///      movingIn ──▶ movingOut ──▶ movingIn …                       bulk, bytes in a pipe
///                       │ ▲
///                       ▼ │ sink full
///                  awaitingSink
///
/// A flow whose bytes are measured reads nothing but what a poll has found: watching ──▶ receiving
/// or movingIn, if need be by way of paused, and then watching again.
///
/// Each function reports what happened and returns the step to take. At most one step is under
/// way at a time, so that a slow sink stops the reading of its source by itself. A receive for
/// messages may go on beside it, for a few bytes in all (`isArmed`): what it brings meanwhile comes
/// behind what is held. So what is not yet sent is bounded by one pipe, or one buffer and these.
public struct Flow: Equatable, Sendable, BitwiseCopyable {
    /// What is under way.
    public enum Phase: UInt8, Sendable, BitwiseCopyable {
        /// Nothing yet: the tunnel isn't established.
        case idle
        /// A poll waits for bytes on the source; neither buffer nor pipe is held.
        case watching
        /// Bytes wait on the source, but may not be read yet.
        case paused
        /// A receive waits for bytes on the source.
        case receiving
        /// The receive is being given up, so that the flow can park.
        case parking
        /// Bytes wait on the source, but no buffer is free.
        case awaitingBuffer
        /// A buffer is being sent to the sink.
        case sending
        /// The buffer holds bytes that the sink has no room for.
        case awaitingRoom
        /// Bytes move from the source into a pipe.
        case movingIn
        /// Bytes move from the pipe to the sink.
        case movingOut
        /// The pipe holds bytes that the sink has no room for.
        case awaitingSink
        /// Nothing: what comes next is to be done by another worker.
        case standing
        /// The source has ended, and all it sent has been delivered.
        case ended
    }

    /// Whether nothing is under way on the source: only a watch sees it break.
    public var isHeldUp: Bool {
        switch phase {
        case .paused, .awaitingRoom, .awaitingSink, .ended: true
        default: false
        }
    }

    /// Whether bytes wait on the source, or may do so, that may, or can, not be read at present.
    public var isHeldBack: Bool {
        phase == .paused || phase == .awaitingBuffer || phase == .standing
    }

    /// What to do next.
    public enum Step: Equatable, Sendable {
        /// Nothing: what is under way goes on.
        case none
        /// Poll the source for bytes.
        case watchSource
        /// Receive into a buffer; with `afterPoll` when the socket is known to be empty.
        case receive(afterPoll: Bool)
        /// Cancel the receive that waits.
        case cancelReceive
        /// Wait for a buffer to be given back.
        case awaitBuffer
        /// Send what is held.
        case send
        /// Give the buffer back, then take the step that `next` returns.
        case releaseBuffer
        /// Move bytes from the source into a pipe.
        case moveIn
        /// Move bytes from the pipe to the sink.
        case moveOut
        /// Poll the sink for room.
        case watchSink
        /// All has been delivered: send FIN to the sink.
        case shutdownSink
    }

    /// What is under way.
    public private(set) var phase = Phase.idle
    /// Whether bytes are spliced at present.
    public private(set) var isBulk = false
    /// Whether bytes have ever been spliced.
    public private(set) var wasBulk = false
    /// Whether bytes may be read only once somebody has allowed it.
    public private(set) var isMeasured = false
    /// Whether the sink had no room for the last bytes.
    public private(set) var isStalled = false
    /// Whether a receive is under way that goes on by itself, also while its bytes are being sent.
    public private(set) var isArmed = false
    private var largeReceives: UInt8 = 0
    private var smallMoves: UInt8 = 0
    /// Where the held bytes begin in the buffer.
    public private(set) var offset: UInt32 = 0
    /// Bytes received or moved in that the sink doesn't have yet.
    public private(set) var held: UInt32 = 0
    /// Bytes that the sink has taken.
    public private(set) var delivered: UInt64 = 0

    /// A flow whose tunnel isn't established.
    public init() {}

    // MARK: Beginning

    /// The bytes of this flow are measured from its beginning on, or aren't.
    public mutating func measure(_ isMeasured: Bool) {
        precondition(phase == .idle)
        self.isMeasured = isMeasured
    }

    /// The tunnel is established.
    public mutating func start(_ rules: FlowRules) -> Step {
        precondition(phase == .idle || phase == .sending)
        isBulk = rules.way == .splice
        return rest(afterPoll: true)
    }

    /// The tunnel is established, and `count` bytes came with its head: they go first.
    public mutating func start(holding count: Int) -> Step {
        precondition(phase == .idle && count > 0)
        phase = .sending
        offset = 0
        held = UInt32(count)
        return .send
    }

    // MARK: Copying

    /// The poll of the source says that there is something to read, be it the end.
    public mutating func sourceIsReady() -> Step {
        precondition(phase == .watching)
        if isBulk {
            phase = .movingIn
            return .moveIn
        }
        phase = .receiving
        return .receive(afterPoll: false)
    }

    /// There is something to read, but it may not be read yet.
    public mutating func mustPause() {
        precondition(phase == .watching && isMeasured)
        phase = .paused
    }

    /// What waits may be read now.
    public mutating func mayGoOn() -> Step {
        precondition(phase == .paused)
        phase = .watching
        return sourceIsReady()
    }

    /// What waits may not be read even now: a poll finds it again.
    public mutating func mustLookAgain() -> Step {
        precondition(phase == .paused)
        phase = .watching
        return .watchSource
    }

    /// `count` bytes, more than none, came into a buffer, and the receive goes on or doesn't.
    public mutating func received(
        _ count: Int,
        goesOn: Bool = false,
        _ rules: FlowRules
    ) -> Step {
        precondition(phase == .receiving || phase == .parking)
        isArmed = goesOn
        return hold(count, rules)
    }

    /// The `count` bytes that came behind those that were held, all of which the sink has now.
    public mutating func receivedMeanwhile(_ count: Int, _ rules: FlowRules) -> Step {
        precondition(phase == .sending && held == 0)
        return hold(count, rules)
    }

    private mutating func hold(_ count: Int, _ rules: FlowRules) -> Step {
        precondition(count > 0)
        phase = .sending
        offset = 0
        held = UInt32(count)
        largeReceives = count >= rules.largeSize ? min(largeReceives, 254) + 1 : 0
        return .send
    }

    /// `count` bytes that came behind those that are held lie with them now.
    public mutating func joined(_ count: Int) {
        precondition(phase == .awaitingRoom && count > 0)
        held += UInt32(count)
    }

    /// The receive that went on by itself has ended while something else was under way.
    public mutating func receiveEnded() {
        precondition(isArmed && phase != .receiving && phase != .parking)
        isArmed = false
    }

    /// The source has sent FIN, and nothing is held.
    public mutating func sourceEnded() -> Step {
        precondition(held == 0 && phase != .ended)
        isArmed = false
        phase = .ended
        return .shutdownSink
    }

    /// The receive found no buffer; the bytes stay in the socket.
    public mutating func foundNoBuffer() -> Step {
        precondition(phase == .receiving || phase == .parking)
        isArmed = false
        phase = .awaitingBuffer
        return .awaitBuffer
    }

    /// A buffer has been given back by somebody.
    public mutating func bufferIsFree() -> Step {
        precondition(phase == .awaitingBuffer)
        phase = .receiving
        return .receive(afterPoll: false)
    }

    /// The sink took `count` of the held bytes, maybe none: what is left waits for room.
    public mutating func sent(_ count: Int) -> Step {
        precondition(phase == .sending && count <= Int(held))
        delivered &+= UInt64(count)
        offset += UInt32(count)
        held -= UInt32(count)
        guard held == 0 else {
            isStalled = true
            phase = .awaitingRoom
            return .watchSink
        }
        isStalled = false
        return .releaseBuffer
    }

    /// The sink has broken: what is held, in a buffer or a pipe, is thrown away.
    public mutating func sinkIsGone() -> Step {
        precondition(phase == .sending || phase == .movingOut)
        held = 0
        isStalled = false
        return phase == .sending ? .releaseBuffer : rest(afterPoll: false)
    }

    /// The buffer has been given back: what comes next.
    public mutating func next(_ rules: FlowRules, sourceHasMore: Bool) -> Step {
        precondition(held == 0)
        if rules.way == .splice {
            isBulk = true
        } else if rules.way == .auto, Int(largeReceives) >= rules.promoteAfter {
            largeReceives = 0
            smallMoves = 0
            isBulk = true
        }
        guard isBulk, sourceHasMore, !isMeasured, !isArmed else {
            return rest(afterPoll: !sourceHasMore)
        }
        phase = .movingIn
        return .moveIn
    }

    // MARK: Parking

    /// Nothing has come for a while.
    ///
    /// What comes next may well be a message again.
    public mutating func park(_ rules: FlowRules) -> Step {
        if phase == .watching, rules.way == .auto { isBulk = false }
        guard phase == .receiving else { return .none }
        phase = .parking
        return .cancelReceive
    }

    /// The receive has been cancelled.
    public mutating func receiveWasCancelled() -> Step {
        precondition(phase == .parking || phase == .receiving)
        isArmed = false
        phase = .watching
        return .watchSource
    }

    // MARK: Standing still

    /// What comes next is to be done by another worker: nothing is begun here.
    public mutating func standStill() {
        switch phase {
        case .watching, .receiving, .awaitingBuffer, .movingIn: break
        default: preconditionFailure("a flow stands still amid bytes")
        }
        precondition(held == 0 && !isArmed && !isMeasured)
        phase = .standing
    }

    /// It goes on, by a poll, here or there.
    public mutating func goOn() -> Step {
        precondition(phase == .standing)
        phase = .watching
        return .watchSource
    }

    // MARK: Splicing

    /// No pipe is free: copy instead.
    public mutating func foundNoPipe() -> Step {
        precondition(phase == .movingIn)
        isBulk = false
        phase = .receiving
        return .receive(afterPoll: false)
    }

    /// `count` bytes, more than none, came into the pipe.
    public mutating func movedIn(_ count: Int, _ rules: FlowRules) -> Step {
        precondition(phase == .movingIn && held == 0 && count > 0)
        wasBulk = true
        held = UInt32(count)
        smallMoves = 2 * count < rules.largeSize ? smallMoves &+ 1 : 0
        if smallMoves >= 2, rules.way == .auto { isBulk = false }
        phase = .movingOut
        return .moveOut
    }

    /// The source had nothing to move, or seems to have ended: a receive tells what is true.
    ///
    /// Splicing stops at the mark of urgent data as if the stream ended there. A receive doesn't,
    /// so bytes behind the mark are neither lost nor waited for again and again.
    public mutating func foundNothingToMove() -> Step {
        precondition(phase == .movingIn && held == 0)
        phase = .receiving
        return .receive(afterPoll: false)
    }

    /// The sink took `count` bytes out of the pipe.
    public mutating func movedOut(_ count: Int) -> Step {
        precondition(phase == .movingOut && count > 0 && count <= Int(held))
        delivered &+= UInt64(count)
        held -= UInt32(count)
        guard held == 0 else { return .moveOut }
        isStalled = false
        return rest(afterPoll: false)
    }

    /// The sink has no room.
    public mutating func sinkIsFull() -> Step {
        precondition(phase == .movingOut)
        phase = .awaitingSink
        isStalled = true
        return .watchSink
    }

    /// The sink has room again.
    public mutating func sinkIsReady() -> Step {
        precondition(phase == .awaitingSink || phase == .awaitingRoom)
        if phase == .awaitingRoom {
            phase = .sending
            return .send
        }
        phase = .movingOut
        return .moveOut
    }

    /// Waits for bytes: by the receive that goes on; else by a poll when splicing, by a receive
    /// when copying and not measured.
    private mutating func rest(afterPoll: Bool) -> Step {
        if isArmed {
            phase = .receiving
            return .none
        }
        if isBulk || isMeasured {
            phase = .watching
            return .watchSource
        }
        phase = .receiving
        return .receive(afterPoll: afterPoll)
    }
}

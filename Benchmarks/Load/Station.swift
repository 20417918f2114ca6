internal import Internet
internal import Kernel
internal import TLS

/// What every worker has: a ring with its buffers, the pattern, counters, and the time.
struct Station: ~Copyable {
    var queue: Ring
    let pattern: Pattern
    let counters: Counters
    /// Receive buffers, and bytes of each.
    private let buffers: (count: Int, size: Int)
    /// Whether one receive is for all that comes, and not for what comes next.
    let receivesEach: Bool
    private var line = ReceiveLine()
    var tally = Tally()
    /// TLS of the tunnels, if they have any.
    var security: Security?
    /// The time at which this turn began.
    var now: Instant
    private let bell: Int32

    init(
        buffers: (count: Int, size: Int),
        receivesEach: Bool,
        pattern: Pattern,
        counters: Counters,
        bell: Int32
    ) throws(SystemError) {
        var options = Ring.Options()
        options.buffers = buffers.count
        let memory = try Blocks(count: buffers.count, blockSize: buffers.size)
        let queue = try Ring(options, memory: memory)
        now = queue.now()
        self.queue = queue
        self.pattern = pattern
        self.counters = counters
        self.bell = bell
        self.receivesEach = receivesEach
        self.buffers = buffers
        for index in 0..<buffers.count { self.queue.provide(UInt16(truncatingIfNeeded: index)) }
        watchBell()
    }

    /// Submits what is prepared and waits for `count` things to happen, or until `deadline`, or a
    /// quarter second at most.
    mutating func wait(count: Int, until deadline: Instant? = nil) {
        counters.enters.add()
        serveLine()
        let limit = now + 250_000_000
        let end = min(deadline ?? limit, limit)
        queue.submitAndWait(count: count, gatherMicroseconds: 0, until: end)
        now = queue.now()
    }

    /// Waits for the next bytes on `socket`; `isEmpty` says that there are none yet.
    mutating func receive(_ socket: Int32, isEmpty: Bool, token: UInt64) {
        guard isEmpty else { return line.join(socket, token: token) }
        begin(socket, pollFirst: true, token)
    }

    /// Whether the receive of `token` has not begun; then it won't.
    mutating func giveUpReceive(_ token: UInt64) -> Bool { line.leave(token) }

    private mutating func begin(_ socket: Int32, pollFirst: Bool, _ token: UInt64) {
        guard !receivesEach else { return queue.receiveEach(socket, token: token) }
        queue.receive(socket, bytesMax: buffers.size, pollFirst: pollFirst, token: token)
    }

    /// Begins no more receives than there are buffers.
    private mutating func serveLine() {
        for _ in 0..<buffers.count {
            guard let place = line.next() else { return }
            begin(place.socket, pollFirst: false, place.token)
        }
    }

    private mutating func watchBell() {
        queue.poll(bell, events: .readable, token: Token(.bell).rawValue)
    }

    /// The bell has rung.
    mutating func hear() {
        Descriptors.waitForSignal(bell)
        watchBell()
    }

    /// The received bytes that `completion` brings, in a buffer that must be given back.
    func bytes(_ completion: Completion) -> Extent? {
        guard completion.result > 0, let buffer = completion.buffer else { return nil }
        return queue.buffer(buffer).part(0..<Int(completion.result))
    }

    /// Gives the buffer of `completion` back, if it brought one.
    mutating func giveBack(_ completion: Completion) {
        if let buffer = completion.buffer { queue.provide(buffer) }
    }
}

extension Completion {
    /// Whether a receive has left bytes on its socket, for all that it knows.
    var leavesBytes: Bool { isSocketNonEmpty || result == -Errno.noBuffers }
}

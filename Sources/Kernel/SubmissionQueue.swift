public import Internet

/// What may be asked of a kernel.
///
/// `Ring` is the real one; a simulated one stands in for it in tests, so that everything above can
/// be driven through every fault by a seed. A token, whose highest bit is zero, comes back
/// unchanged in the completion. The caller counts what it has submitted and keeps a descriptor
/// open, and an extent untouched, until the last completion for it has come.
public protocol SubmissionQueue: ~Copyable {
    // MARK: Submitted

    /// Accepts clients on `listener` until cancelled or an error; multishot (Linux 5.19).
    mutating func accept(on listener: Int32, token: UInt64)
    /// Connects `socket`; result 0 or an errno negated.
    mutating func connect(_ socket: Int32, to endpoint: Endpoint, token: UInt64)
    /// Receives into `memory`.
    mutating func receive(_ socket: Int32, into memory: Extent, token: UInt64)
    /// Receives into a provided buffer, whose index comes with the completion. With `pollFirst` the
    /// kernel doesn't try at once but waits for readiness: right after the socket ran empty.
    mutating func receive(_ socket: Int32, bytesMax: Int, pollFirst: Bool, token: UInt64)
    /// Receives into provided buffers whatever comes, again and again, until about `total` bytes
    /// have come, or less than a buffer more; each time up to `bytesMax`. It waits for readiness
    /// first; multishot (Linux 6.17). An older kernel completes once, as `receive` does.
    mutating func receive(_ socket: Int32, bytesMax: Int, total: Int, token: UInt64)
    /// Sends from `memory` what there is room for, without waiting for more; EAGAIN if there is
    /// none.
    mutating func send(_ socket: Int32, from memory: Extent, token: UInt64)
    /// Sends as `send` does, but success is no event: if there is room for all of it the wait goes
    /// on, and `nextSent` tells of it after that. Otherwise it completes at once as `send` does.
    /// There is no cancelling it: it has been carried out before.
    mutating func sendQuietly(_ socket: Int32, from memory: Extent, token: UInt64)
    /// Waits once for `events` (POLLIN…) on `descriptor`; the result is the events that came.
    ///
    /// Errors, hang-up and the peer's end are always waited for as well.
    mutating func poll(_ descriptor: Int32, events: PollEvents, token: UInt64)
    /// Waits for the same again and again, and completes each time that one of them comes up, until
    /// it is cancelled; multishot (Linux 5.13).
    ///
    /// It may tell once at the beginning, and now and then, of what is there already.
    mutating func watch(_ descriptor: Int32, events: PollEvents, token: UInt64)
    /// Moves up to `count` bytes from `source` to `sink`, one of them a pipe; runs on io-wq.
    mutating func splice(from source: Int32, to sink: Int32, count: Int, token: UInt64)
    /// Cancels the submission that carries `target`.
    mutating func cancel(_ target: UInt64, token: UInt64)
    /// Cancels every submission that carries `target` (Linux 5.19); it costs more than `cancel`.
    mutating func cancelAll(_ target: UInt64, token: UInt64)
    /// Closes `descriptor`; a completion comes only if that fails (Linux 5.17).
    mutating func close(_ descriptor: Int32, token: UInt64)
    /// Writes eight bytes to the eventfd `descriptor`: wakes whoever reads it.
    mutating func wake(_ descriptor: Int32, token: UInt64)
    /// Hands buffer `index` to the kernel for receives.
    mutating func provide(_ index: UInt16)

    /// The memory of provided buffer `index`; the caller's from the completion that named it until
    /// it hands the buffer back.
    func buffer(_ index: UInt16) -> Extent
    /// Returns the memory of provided buffer `index`, which nobody holds, to the system: by
    /// madvise(2), called directly. The kernel may have the buffer at hand meanwhile.
    mutating func emptyBuffer(_ index: UInt16)

    /// Submits what is prepared and waits for a completion, or until `deadline`. If there are fewer
    /// than `count`, waits up to `gatherMicroseconds` for more (Linux 6.12; ignored before). If
    /// that is 0, doesn't wait.
    mutating func submitAndWait(count: Int, gatherMicroseconds: UInt32, until deadline: Instant?)
    /// Quiet sends that `nextSent` has not got past.
    var quietCount: Int { get }
    /// The token of quiet send `index`, of `quietCount`.
    func quietToken(_ index: Int) -> UInt64
    /// The next quiet send that was carried out wholly, with its bytes as the result. All of them
    /// are to be taken after a wait, before the first completion.
    mutating func nextSent() -> Completion?
    /// Whether completions have arrived that have not been taken, or may have: then provided
    /// buffers may hold bytes of which nobody knows yet.
    var hasNews: Bool { get }
    /// The next completion that has arrived, if any.
    mutating func nextCompletion() -> Completion?
    /// The present time.
    func now() -> Instant
    /// Nanoseconds for which the calling thread has had something to do: those of CPU that it has
    /// used, and those for which it has waited for a CPU.
    mutating func timeWanted() -> UInt64

    // MARK: Called directly, where a submission would cost more or run on io-wq

    /// Takes a client that waits on `listener`, if there is one, without waiting.
    mutating func acceptWaiting(on listener: Int32) -> Int32?
    /// Asks for the clients of `listener` whose packets `cpu` handles; nil: for those that the
    /// kernel's hash gives it.
    mutating func prefer(cpu: Int?, on listener: Int32)
    /// Passes a second descriptor of each of `sockets`, and `bytes`, through the entry of a
    /// `DescriptorChannel` without waiting; 0 or an errno negated.
    mutating func pass(_ sockets: Sockets, with bytes: Extent, through entry: Int32) -> Int32
    /// Takes what has been passed, from the exit of a `DescriptorChannel`, without waiting:
    /// descriptors, and as many bytes in `memory` as came with them. Else the first is an errno
    /// negated: EAGAIN if there is nothing, EMFILE if there is no room for them and they are lost.
    mutating func takePassed(
        from exit: Int32,
        into memory: Extent
    ) -> (sockets: Sockets, byteCount: Int)
    /// A non-blocking TCP socket with `options`, bound to `source` if there is one; the
    /// descriptor, or an errno negated.
    mutating func makeSocket(
        _ family: Address.Family,
        source: Address?,
        options: SocketOptions
    ) -> Int32
    /// Sends what fits of `memory` without waiting; a count, or an errno negated.
    mutating func sendNow(_ socket: Int32, from memory: Extent) -> Int32
    /// Sends FIN: no more bytes will follow on `socket`. 0 or an errno negated.
    mutating func shutdownSending(_ socket: Int32) -> Int32
    /// Has the kernel probe the peer of `socket` after so many seconds of silence (TCP_KEEPIDLE).
    mutating func keepAlive(_ socket: Int32, seconds: Int32)
    /// The CPU that has handled the packets of `socket` of late (SO_INCOMING_CPU); nil if none has.
    mutating func incomingCPU(of socket: Int32) -> Int?
    /// Takes the error that is pending on `socket` (SO_ERROR): an errno, or 0 if there is none.
    mutating func takeError(of socket: Int32) -> Int32
    /// Bytes that were sent on `socket` and that its peer's kernel hasn't taken yet (SIOCOUTQ).
    mutating func unacknowledgedBytes(of socket: Int32) -> Int
    /// Makes the coming close of `socket` a reset.
    mutating func makeAbortive(_ socket: Int32)
    /// Moves up to `count` bytes from `source` to `sink` without waiting; a count, 0 at the end of
    /// the stream, or an errno negated.
    mutating func spliceNow(from source: Int32, to sink: Int32, count: Int) -> Int32
    /// Who is at the other end of `socket`; nil if it is gone.
    mutating func peer(of socket: Int32) -> Endpoint?
    /// Whether `address` is one of this machine's own.
    mutating func isLocal(_ address: Address) -> Bool
    /// A pipe of about `capacity` bytes: its ends, or an errno negated in both.
    mutating func makePipe(capacity: Int) -> PipeEnds
}

/// A client's socket, and that of its upstream if it is passed with it.
public struct Sockets: BitwiseCopyable, Equatable, Sendable {
    public var client: Int32
    /// -1 if there is none.
    public var upstream: Int32

    public init(client: Int32, upstream: Int32 = -1) {
        self.client = client
        self.upstream = upstream
    }
}

/// Events of poll(2), as they are asked for and reported.
public struct PollEvents: OptionSet, Sendable {
    public let rawValue: UInt32
    /// The set of poll(2)'s bits in `rawValue`.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Bytes, or the end of the stream, can be read.
    public static var readable: PollEvents { PollEvents(rawValue: 0x001) }
    /// There is room to write.
    public static var writable: PollEvents { PollEvents(rawValue: 0x004) }
    /// An error is pending, such as a reset.
    public static var error: PollEvents { PollEvents(rawValue: 0x008) }
    /// Both directions have ended.
    public static var hangUp: PollEvents { PollEvents(rawValue: 0x010) }
    /// The peer will send no more.
    public static var peerEnded: PollEvents { PollEvents(rawValue: 0x2000) }
}

/// The two ends of a pipe.
public struct PipeEnds: BitwiseCopyable, Equatable, Sendable {
    /// The end that is read from.
    public var source: Int32
    /// The end that is written to.
    public var sink: Int32

    /// A pair of ends.
    public init(source: Int32, sink: Int32) {
        self.source = source
        self.sink = sink
    }
}

/// Options that are set on every socket of the proxy.
///
/// Zero leaves the kernel's choice.
public struct SocketOptions: Equatable, Sendable {
    /// TCP_NODELAY.
    public var nodelay = true
    /// SO_SNDBUF in bytes.
    public var sendBuffer: Int32 = 0
    /// SO_RCVBUF in bytes.
    public var receiveBuffer: Int32 = 0
    /// TCP_KEEPIDLE in seconds; 0 leaves SO_KEEPALIVE off.
    public var keepaliveSeconds: Int32 = 0
    /// TCP_USER_TIMEOUT in milliseconds.
    public var userTimeoutMilliseconds: Int32 = 0
    /// TCP_CONGESTION; nil leaves the system's.
    public var congestion: CongestionControl?

    /// The kernel's choices, with TCP_NODELAY.
    public init() {}
}

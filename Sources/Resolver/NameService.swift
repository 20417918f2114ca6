public import Internet
public import Kernel

/// What a look-up socket wants to be polled for.
///
/// An index and a generation name one life of one socket. A new generation at an index means that
/// the socket before it is gone.
public struct SocketInterest: Equatable, Sendable {
    /// The place of the socket in the table of its service; below `CachingResolver.socketsMax`.
    public let index: UInt32
    /// Which life of that place is meant.
    public let generation: UInt16
    /// The descriptor to poll.
    ///
    /// Meaningless once both wishes are false.
    public let descriptor: Int32
    /// Whether to poll for reading.
    public let reads: Bool
    /// Whether to poll for writing.
    ///
    /// If neither is wished the socket is closed: forget it.
    public let writes: Bool

    /// The interest of one socket.
    public init(
        index: UInt32,
        generation: UInt16,
        descriptor: Int32,
        reads: Bool,
        writes: Bool
    ) {
        self.index = index
        self.generation = generation
        self.descriptor = descriptor
        self.reads = reads
        self.writes = writes
    }
}

/// Whatever turns names into addresses for one worker, without ever blocking it.
///
/// The worker asks with a small number of its own, the waiter, and fetches answers, notices and
/// wished polls when it likes. Nothing is ever called back.
public protocol NameService: ~Copyable {
    /// Starts or joins a look-up; the answer as far as it is known.
    ///
    /// The answer is complete at once for a cached name, the hosts file and localhost. If it is
    /// not, `waiter` gets notices until the answer is complete, and must be released.
    mutating func lookUp(_ name: Name, waiter: UInt32, now: Instant) -> NameAnswer

    /// The present answer for a waiter; failed for one that does not wait.
    func answer(for waiter: UInt32) -> NameAnswer

    /// A waiter whose answer moved since last asked, or nil.
    mutating func nextNotice() -> UInt32?

    /// The waiter is no longer interested.
    ///
    /// To be called once for each look-up that returned an incomplete answer; harmless otherwise.
    /// The look-up itself goes on and fills the cache.
    mutating func release(waiter: UInt32)

    /// From now on `hosts` names addresses, and the servers are those that the system now names.
    ///
    /// What is remembered is forgotten; what is on its way goes on, but only for those who wait for
    /// it already.
    mutating func reload(_ hosts: HostsFile, now: Instant)

    /// The machine may be on another network: as `reload`, with the hosts of before.
    mutating func meetNetwork(now: Instant)

    /// A socket whose interest changed since last asked, or nil.
    mutating func nextInterest() -> SocketInterest?

    /// A poll of the socket at `index` fired; ignored if the generation is over.
    ///
    /// Polls are one-shot: a socket that is still wanted is announced again by `nextInterest`. A
    /// poll that ended by error or hang-up counts as readable.
    mutating func socketIsReady(
        _ index: UInt32,
        generation: UInt16,
        readable: Bool,
        writable: Bool,
        now: Instant
    )

    /// When `deadlinePassed` wants to be called, at the latest; nil while nothing is on its way.
    var nextDeadline: Instant? { get }

    /// The time that `nextDeadline` named has come.
    mutating func deadlinePassed(now: Instant)
}

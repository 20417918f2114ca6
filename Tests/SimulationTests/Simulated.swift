import Internet
import Kernel
import Resolver

/// What no simulated kernel has.
extension SubmissionQueue where Self: ~Copyable {
    /// What is submitted is carried out only while the worker waits.
    var hasNews: Bool { false }

    /// There is nobody to pass anything to.
    mutating func pass(_: Sockets, with _: Extent, through _: Int32) -> Int32 { -Errno.again }

    mutating func takePassed(
        from _: Int32,
        into _: Extent
    ) -> (sockets: Sockets, byteCount: Int) { (Sockets(client: -Errno.again), 0) }

    /// There is only one worker.
    mutating func incomingCPU(of _: Int32) -> Int? { nil }

    mutating func isLocal(_: Address) -> Bool { false }
}

/// What no simulated name service has: a hosts file, and sockets.
extension NameService where Self: ~Copyable {
    mutating func reload(_: HostsFile, now _: Instant) {}

    mutating func meetNetwork(now _: Instant) {}

    mutating func nextInterest() -> SocketInterest? { nil }

    mutating func socketIsReady(
        _: UInt32,
        generation _: UInt16,
        readable _: Bool,
        writable _: Bool,
        now _: Instant
    ) {}
}

package import Kernel

/// A worker's listening sockets: accepts while there is room, pauses when there is none.
///
/// Out of slots or descriptors a client is told so (503); when even that takes more than is set
/// aside, accepting pauses and clients wait in the kernel's backlog, at no cost to anybody.
package struct Listener: ~Copyable {
    /// Descriptors of the listening sockets.
    private let sockets: [Int32]
    /// Whether a multishot accept is under way on each.
    private var isArmed: [Bool]
    /// Whether accepting has been paused for want of room.
    package private(set) var isPaused = false
    package private(set) var isClosed = false
    /// When accepting is tried again after the system ran out of something.
    package private(set) var retry: Instant?

    package init(_ sockets: [Int32]) {
        self.sockets = sockets
        isArmed = Array(repeating: false, count: sockets.count)
    }

    /// Arms what isn't armed, unless paused.
    package mutating func arm(_ queue: inout some SubmissionQueue & ~Copyable) {
        guard !isPaused, !isClosed else { return }
        for index in sockets.indices where !isArmed[index] {
            isArmed[index] = true
            queue.accept(on: sockets[index], token: Token(.accept, slot: UInt32(index)).rawValue)
        }
    }

    /// An accept has completed for the last time.
    package mutating func didEnd(_ index: Int) { isArmed[index] = false }

    /// Stops accepting until there is room, or until `retry`.
    package mutating func pause(
        _ queue: inout some SubmissionQueue & ~Copyable,
        retry: Instant? = nil
    ) {
        self.retry = retry
        guard !isPaused else { return }
        isPaused = true
        cancel(&queue)
    }

    /// Whether no time to try again is set, or it has come.
    ///
    /// A time that has come is forgotten, so that nobody is woken for it again and again while
    /// there is no room.
    package mutating func mayRetry(_ now: Instant) -> Bool {
        if let retry, retry > now { return false }
        retry = nil
        return true
    }

    /// Accepts again.
    package mutating func resume(_ queue: inout some SubmissionQueue & ~Copyable) {
        guard isPaused, !isClosed else { return }
        isPaused = false
        retry = nil
        arm(&queue)
    }

    /// Takes the clients that still wait, and closes the sockets: from now on they are refused by
    /// the kernel.
    package mutating func close(
        _ queue: inout some SubmissionQueue & ~Copyable,
        _ takeOver: (Int32) -> Void
    ) {
        guard !isClosed else { return }
        isClosed = true
        cancel(&queue)
        for socket in sockets {
            while let client = queue.acceptWaiting(on: socket) { takeOver(client) }
            queue.close(socket, token: Token(.close).rawValue)
        }
    }

    /// Asks for clients whose packets `cpu` handles; nil: for any.
    package func prefer(cpu: Int?, _ queue: inout some SubmissionQueue & ~Copyable) {
        guard !isClosed else { return }
        for socket in sockets { queue.prefer(cpu: cpu, on: socket) }
    }

    private mutating func cancel(_ queue: inout some SubmissionQueue & ~Copyable) {
        for index in sockets.indices where isArmed[index] {
            let target = Token(.accept, slot: UInt32(index)).rawValue
            queue.cancel(target, token: Token(.wakeJournal).rawValue)
        }
    }
}

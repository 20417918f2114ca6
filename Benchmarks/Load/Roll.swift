internal import Internet
internal import Kernel
internal import Synchronization

/// Where workers report that they have started, and what they have measured when they leave.
final class Roll: Sendable {
    private struct State {
        var started = 0
        var failure: String?
        var endpoints: [Int: Endpoint] = [:]
        var clocks: [ThreadClock] = []
        var tally = Tally()
    }

    private let state = Mutex(State())
    /// An eventfd that tells of news.
    let news: Int32

    init() throws(SystemError) { news = try Descriptors.makeEvent() }

    deinit { Socket.close(news) }

    /// A worker is ready, and listens on `endpoints`, which are numbered for the whole crew.
    func started(_ clock: ThreadClock, listening endpoints: [Int: Endpoint] = [:]) {
        state.withLock {
            $0.started += 1
            $0.clocks.append(clock)
            $0.endpoints.merge(endpoints) { first, _ in first }
        }
        Descriptors.signal(news)
    }

    /// A worker could not start.
    func failed(_ error: SystemError) {
        state.withLock { $0.failure = "\(error)" }
        Descriptors.signal(news)
    }

    /// A worker leaves.
    func left(_ tally: Tally) {
        state.withLock { $0.tally.add(tally) }
    }

    /// Waits until `count` workers have started.
    ///
    /// - Throws: `EngineError` if one could not.
    func wait(for count: Int) throws(EngineError) {
        while count > 0 {
            Descriptors.waitForSignal(news)
            let (started, failure) = state.withLock { ($0.started, $0.failure) }
            if let failure { throw EngineError("a worker could not start: \(failure)") }
            if started >= count { return }
        }
    }

    /// What the workers listen on, in the order of the numbers.
    var endpoints: [Endpoint] {
        state.withLock { $0.endpoints.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// Nanoseconds of CPU that the workers have used.
    var cpuNanoseconds: UInt64 {
        state.withLock { $0.clocks.reduce(0) { $0 + ($1.nanoseconds ?? 0) } }
    }

    var tally: Tally { state.withLock { $0.tally } }
}

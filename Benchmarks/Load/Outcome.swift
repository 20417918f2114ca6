package import Internet
package import Kernel

/// What a run came to.
package struct Outcome: Sendable {
    package let settings: Settings
    package let workers: Int
    package let originWorkers: Int
    /// Loopback addresses that our own origin has chosen; nil if it was told where to listen, or if
    /// the origin is somebody else's.
    package let origins: Int?
    /// Addresses that clients connect from, in turn; none leaves it to the kernel.
    package let sources: [Address]
    /// When its workers were started.
    package let started = WallTime.now()
    /// The parts of the run, in order.
    package var stretches: [Stretch] = []
    /// A reading now and then, for plots.
    package var samples: [Snapshot] = []
    package var tally = Tally()
    /// Arrivals of an open loop that were due when the measured time was over, but had not begun.
    package var inLine: Int?
    /// Whether it was ended before its time.
    package var isInterrupted = false

    init(_ plan: Plan) {
        settings = plan.settings
        workers = plan.workers
        originWorkers = plan.originWorkers
        let choosesOrigins = plan.originWorkers > 0 && plan.settings.listen.isEmpty
        origins = choosesOrigins ? Set(plan.listen.map(\.address)).count : nil
        sources = plan.sources
    }

    /// Whether nothing was lost, wrong, or refused.
    package var isClean: Bool { tally.failures.isEmpty }
}

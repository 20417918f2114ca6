package import Kernel

/// How many tunnels a worker has, apart from those that come and go.
///
/// Short tunnels come and end in batches, so that what a worker has at one moment says little: one
/// that is ahead of another for as long as they last has nothing to pass on.
package struct Occupancy {
    /// Tunnels of the last `Occupancy.span`, on average.
    package private(set) var mean = 0.0
    private var now: Instant
    /// When the present period of counting those that end began.
    private var start: Instant
    /// Tunnels that have ended in it.
    private var ended = 0
    /// Tunnels that ended in the period before.
    private var endedBefore = 0

    /// Nanoseconds over which the mean is taken.
    package static var span: UInt64 { 50_000_000 }
    /// Nanoseconds for which ended tunnels are counted.
    package static var period: UInt64 { 10_000_000 }

    /// Clients that may come at once to one worker before those of another do.
    package static var burst: Int { 64 }

    package init(_ now: Instant) {
        self.now = now
        start = now
    }

    /// A turn begins, to which the worker has had `tunnels`.
    package mutating func beginTurn(tunnels: Int, _ now: Instant) {
        let weight = Double(now.nanoseconds(since: self.now)) / Double(Occupancy.span)
        mean += (Double(tunnels) - mean) * min(weight, 1)
        self.now = now
        let age = now.nanoseconds(since: start)
        guard age >= Occupancy.period else { return }
        endedBefore = age < 2 * Occupancy.period ? ended : 0
        ended = 0
        start = now
    }

    /// A tunnel has ended.
    package mutating func didEnd() { ended += 1 }

    /// Tunnels that ended in the fuller one of the last two periods.
    package var turnover: Int { max(ended, endedBefore) }

    /// Whether a worker that is so much occupied, with `tunnels` tunnels, should pass a client on
    /// to one with `others` tunnels, of late `othersMean` on average.
    ///
    /// It should have been ahead by a margin for a while, or be ahead by many tunnels and by more
    /// than end within a moment: where two CPUs each have clients of their own, those of one come
    /// first, and should not cross. Few tunnels may all be streams that share one CPU while another
    /// rests, so for them the margin is small.
    package func isAhead(with tunnels: Int, of others: Int, _ othersMean: Int) -> Bool {
        let margin = max(min(max(tunnels / 4, 2), 8), tunnels / 16)
        let lead = tunnels - others
        return lead >= margin
            && (lead > max(turnover, Occupancy.burst) || Int(mean.rounded()) - othersMean >= margin)
    }
}

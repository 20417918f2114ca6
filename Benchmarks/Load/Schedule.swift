package import Kernel

/// When arrivals are due in an open loop: so many a second, whatever becomes of those before.
///
/// Arrivals are counted from zero. Worker `index` of `workers` sees to every `workers`th of them.
package struct Schedule: Equatable, Sendable {
    /// Arrivals in a second.
    package let rate: UInt64
    /// Arrivals in all.
    package let count: UInt64
    /// The first arrival that is measured.
    package let firstMeasured: UInt64
    /// Nanoseconds from the start until which those in line may still begin.
    let patience: UInt64

    /// Arrivals for `warmup` and then `duration`, or `count` of them, all measured.
    package init(rate: Int, count: Int, warmup: UInt64, duration: UInt64, timeout: UInt64) {
        let rate = UInt64(rate)
        self.rate = rate
        let before = count == 0 ? warmup : 0
        firstMeasured = Schedule.arrivals(rate, before: before)
        self.count = count == 0 ? Schedule.arrivals(rate, before: warmup + duration) : UInt64(count)
        patience = Schedule.offset(rate, self.count) + timeout
    }

    /// When `arrival` is due, if the first is due at `start`.
    package func due(_ arrival: UInt64, from start: Instant) -> Instant {
        start + Schedule.offset(rate, arrival)
    }

    /// Arrivals that are due at `now`.
    package func dueCount(at now: Instant, from start: Instant) -> UInt64 {
        min(count, Schedule.arrivals(rate, before: now.nanoseconds(since: start) + 1))
    }

    /// Whether an arrival may still begin at `now`.
    func isPatient(at now: Instant, from start: Instant) -> Bool {
        now.nanoseconds(since: start) < patience
    }

    /// In parts, since the product would not fit for a long run.
    private static func offset(_ rate: UInt64, _ arrival: UInt64) -> UInt64 {
        let (seconds, rest) = arrival.quotientAndRemainder(dividingBy: rate)
        return seconds * 1_000_000_000 + rest * 1_000_000_000 / rate
    }

    /// How many arrivals are due before `nanoseconds` have passed.
    private static func arrivals(_ rate: UInt64, before nanoseconds: UInt64) -> UInt64 {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return seconds * rate + (rest * rate + 999_999_999) / 1_000_000_000
    }
}

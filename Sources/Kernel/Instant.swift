internal import Glibc

/// A point on the monotonic clock, in nanoseconds since boot.
///
/// A worker reads the clock once a turn and hands the value down, so that all decisions of one
/// turn agree on the time and none of them pays for another reading.
public struct Instant: BitwiseCopyable, Comparable, Hashable, Sendable {
    /// Nanoseconds since boot (CLOCK_MONOTONIC).
    public let nanoseconds: UInt64

    /// The point that lies `nanoseconds` after boot.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// The present time.
    ///
    /// Answered by the vDSO, without entering the kernel.
    public static func now() -> Instant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// Nanoseconds since boot that the machine has slept, which this clock doesn't count.
    public static func timeAsleep() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        let all = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        return all - min(all, now().nanoseconds)
    }

    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The point `nanoseconds` later.
    public static func + (instant: Instant, nanoseconds: UInt64) -> Instant {
        Instant(nanoseconds: instant.nanoseconds &+ nanoseconds)
    }

    /// The earlier of two points of which either may be unknown.
    public static func earlier(_ one: Instant?, _ other: Instant?) -> Instant? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }

    /// Nanoseconds from `earlier` to this point; zero if `earlier` is not earlier.
    public func nanoseconds(since earlier: Instant) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? nanoseconds &- earlier.nanoseconds : 0
    }
}

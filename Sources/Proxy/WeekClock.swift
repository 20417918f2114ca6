internal import Kernel
internal import Policy

/// The time of the week, which is asked of the system at most once a second.
struct WeekClock {
    private static var period: UInt64 { 1_000_000_000 }

    private var time = WeekTime(.monday, minuteOfDay: 0)
    private var end = Instant(nanoseconds: 0)

    /// The time of the week at `now`.
    mutating func time(at now: Instant) -> WeekTime {
        guard end <= now else { return time }
        end = now + WeekClock.period
        time = WeekTime(LocalTime.now())
        return time
    }
}

extension WeekTime {
    /// The time of the week when the clock on the wall shows `time`.
    init(_ time: LocalTime) {
        let day = Weekday(rawValue: time.weekday) ?? .monday
        self.init(day, minuteOfDay: time.minuteOfDay)
    }
}

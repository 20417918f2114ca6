/// A day of the week.
public enum Weekday: UInt8, CaseIterable, Sendable {
    case monday, tuesday, wednesday, thursday, friday, saturday, sunday

    /// Reads the first three letters of a day's English name, in any case.
    init?(_ text: Substring) {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        guard let index = names.firstIndex(of: text.lowercased()) else { return nil }
        self.init(rawValue: UInt8(index))
    }
}

/// A minute of the week.
public struct WeekTime: Equatable, Sendable, BitwiseCopyable {
    static var minutesPerDay: UInt16 { 1440 }

    /// Minutes since Monday 00:00.
    public let minutes: UInt16

    /// The minute `minuteOfDay` of `day`.
    public init(_ day: Weekday, minuteOfDay: UInt16) {
        precondition(minuteOfDay < WeekTime.minutesPerDay, "a day has 1440 minutes")
        minutes = UInt16(day.rawValue) * WeekTime.minutesPerDay + minuteOfDay
    }

    /// Reads `Mon 09:30`, or nothing.
    public init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let day = Weekday(parts[0]),
            let minute = WeekSpan.minute(parts[1]), minute < WeekTime.minutesPerDay
        else { return nil }
        self.init(day, minuteOfDay: minute)
    }
}

/// A span of time that comes back every week: on some days, from one minute to another.
public struct WeekSpan: Hashable, Sendable {
    /// A bit for each day, Monday's lowest.
    let days: UInt8
    /// Minutes of the day; if `end` isn't after `start` it is one of the next day.
    let start: UInt16
    let end: UInt16

    /// Reads days, a time of day, or both: `Mon-Fri 08:00-18:00`, `Sat,Sun`, `22:00-06:00`.
    ///
    /// Days are lists of days and of ranges, which may go on past Sunday. A time of day ends before
    /// its second minute, which may be 24:00; if that is not after the first, it ends on the next
    /// day.
    public init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard (1...2).contains(parts.count), let last = parts.last else { return nil }
        let clock = WeekSpan.clock(last)
        guard parts.count == 1 || clock != nil else { return nil }
        (start, end) = clock ?? (0, WeekTime.minutesPerDay)
        guard parts.count == 2 || clock == nil else {
            days = 0x7f
            return
        }
        guard let days = WeekSpan.days(parts[0]) else { return nil }
        self.days = days
    }

    /// Whether `time` is in it.
    public func contains(_ time: WeekTime) -> Bool {
        let day = time.minutes / WeekTime.minutesPerDay
        let minute = time.minutes % WeekTime.minutesPerDay
        let isDay = days >> day & 1 == 1
        if start < end { return isDay && minute >= start && minute < end }
        let isAfterDay = days >> ((day + 6) % 7) & 1 == 1
        return isDay && minute >= start || isAfterDay && minute < end
    }

    private static func days(_ text: Substring) -> UInt8? {
        var days: UInt8 = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard (1...2).contains(ends.count), let first = Weekday(ends[0]),
                let last = Weekday(ends[ends.count - 1])
            else { return nil }
            var day = first.rawValue
            days |= 1 << day
            while day != last.rawValue {
                day = (day + 1) % 7
                days |= 1 << day
            }
        }
        return days
    }

    private static func clock(_ text: Substring) -> (UInt16, UInt16)? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let start = minute(ends[0]), let end = minute(ends[1]),
            start < WeekTime.minutesPerDay, start != end
        else { return nil }
        return (start, end)
    }

    /// Reads `HH:MM`, up to 24:00.
    static func minute(_ text: Substring) -> UInt16? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }),
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let hour = UInt16(parts[0]), let minute = UInt16(parts[1]), minute < 60
        else { return nil }
        let result = hour * 60 + minute
        return result <= WeekTime.minutesPerDay ? result : nil
    }
}

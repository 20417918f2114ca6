internal import CLiburing
internal import Glibc
public import Internet

/// The time of day, in UTC.
public struct WallTime: Sendable {
    public let year: UInt32
    public let month: UInt32
    public let day: UInt32
    public let hour: UInt32
    public let minute: UInt32
    public let second: UInt32
    public let microsecond: UInt32

    /// The present time.
    public static func now() -> WallTime {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(seconds: Int64(time.tv_sec), microsecond: UInt32(time.tv_nsec / 1000))
    }

    /// The time that lies `seconds` and `microsecond` after the epoch.
    public init(seconds: Int64, microsecond: UInt32) {
        let days = seconds / 86400
        let rest = UInt32(seconds % 86400)
        // Days to a civil date, with years that begin in March so that leap days come last.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = UInt32(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = UInt32(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = UInt32(yearOfEra + era * 400 + (month <= 2 ? 1 : 0))
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
        self.microsecond = microsecond
    }

    /// Writes it by RFC 3339: UTC, with microseconds.
    public func write(to sink: inout some ByteSink) {
        sink.append(decimal: year)
        sink.append("-", twoDigits: month)
        sink.append("-", twoDigits: day)
        sink.append("T", twoDigits: hour)
        sink.append(":", twoDigits: minute)
        sink.append(":", twoDigits: second)
        sink.append(".", twoDigits: microsecond / 10000)
        sink.append("", twoDigits: microsecond / 100 % 100)
        sink.append("", twoDigits: microsecond % 100)
        sink.append("Z")
    }
}

extension ByteSink {
    fileprivate mutating func append(_ mark: String, twoDigits number: UInt32) {
        append(mark)
        append(UInt8(ascii: "0") + UInt8(number / 10))
        append(UInt8(ascii: "0") + UInt8(number % 10))
    }
}

/// The day of the week and the time of day, where this machine is (TZ, /etc/localtime).
public struct LocalTime: Sendable {
    /// Days since Monday.
    public let weekday: UInt8
    /// Minutes since midnight, by the clock on the wall.
    public let minuteOfDay: UInt16

    /// The present time.
    public static func now() -> LocalTime {
        var seconds = time_t()
        unsafe time(&seconds)
        var fields = unsafe tm()
        unsafe localtime_r(&seconds, &fields)
        return unsafe LocalTime(
            weekday: UInt8((fields.tm_wday + 6) % 7),
            minuteOfDay: UInt16(fields.tm_hour * 60 + fields.tm_min)
        )
    }
}

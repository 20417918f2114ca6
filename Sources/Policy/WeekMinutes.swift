/// Minutes of a week.
struct WeekMinutes: Equatable {
    private static var count: Int { 7 * Int(WeekTime.minutesPerDay) }

    private var words: [UInt64]

    /// The minutes that are in any of `spans`.
    init(_ spans: some Collection<WeekSpan>) {
        words = Array(repeating: 0, count: (WeekMinutes.count + 63) / 64)
        for day in Weekday.allCases {
            for minute in 0..<WeekTime.minutesPerDay {
                let time = WeekTime(day, minuteOfDay: minute)
                guard spans.contains(where: { $0.contains(time) }) else { continue }
                words[Int(time.minutes / 64)] |= 1 << UInt64(time.minutes % 64)
            }
        }
    }

    /// Whether all of `other` are among them.
    func contains(_ other: WeekMinutes) -> Bool {
        words.indices.allSatisfy { other.words[$0] & ~words[$0] == 0 }
    }

    /// Whether any of `other` is among them.
    func intersects(_ other: WeekMinutes) -> Bool {
        words.indices.contains { words[$0] & other.words[$0] != 0 }
    }
}

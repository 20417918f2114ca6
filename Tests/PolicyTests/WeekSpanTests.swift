import Policy
import Testing

@Suite struct WeekSpanTests {
    @Test(arguments: [
        ("Mon-Fri 08:00-18:00", "Mon 08:00", true), ("Mon-Fri 08:00-18:00", "Fri 17:59", true),
        ("Mon-Fri 08:00-18:00", "Fri 18:00", false), ("Mon-Fri 08:00-18:00", "Sat 12:00", false),
        ("Sat,Sun", "Sun 23:59", true), ("Sat,Sun", "Mon 00:00", false),
        ("sat-mon", "MON 00:00", true), ("sat-mon", "Tue 00:00", false),
        ("22:00-06:00", "Wed 23:00", true), ("22:00-06:00", "Wed 05:59", true),
        ("22:00-06:00", "Wed 06:00", false), ("Sun 22:00-06:00", "Mon 05:59", true),
        ("Sun 22:00-06:00", "Sun 05:59", false), ("Sun 22:00-24:00", "Mon 00:00", false),
        ("00:00-24:00", "Mon 00:00", true), ("Mon,Wed-Thu 12:00-12:01", "Thu 12:00", true),
        ("Mon,Wed-Thu 12:00-12:01", "Tue 12:00", false),
    ])
    func `a span holds the minutes it names`(_ span: String, _ time: String, _ isIn: Bool) throws {
        let span = try #require(WeekSpan(span))
        #expect(span.contains(try #require(WeekTime(time))) == isIn)
    }

    @Test(arguments: [
        "", " ", "Mo", "Mon-", "-Mon", "Mon,,Tue", "8:00-18:00", "08:00", "08:00-08:00",
        "24:00-06:00", "08:60-09:00", "08:00-24:01", "08:00-18:00 Mon", "Mon 08:00-18:00 x",
        "Mon Tue", "+8:00-18:00",
    ])
    func `other text is refused`(_ text: String) {
        #expect(WeekSpan(text) == nil)
    }
}

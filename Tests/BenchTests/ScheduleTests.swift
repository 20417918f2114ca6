import Kernel
import Load
import Testing

@Suite struct ScheduleTests {
    private static let start = Instant(nanoseconds: 77)
    private static let day: UInt64 = 86400 * Bench.second

    private func schedule(_ rate: Int, count: Int = 0, duration: UInt64 = Self.day) -> Schedule {
        Schedule(rate: rate, count: count, warmup: Self.day, duration: duration, timeout: 0)
    }

    @Test(arguments: [1, 3, 7, 1000, 999_983, 10_000_000])
    func `arrivals are evenly spread, however long it goes on`(rate: Int) {
        let schedule = schedule(rate)
        #expect(schedule.due(0, from: Self.start) == Self.start)
        for second: UInt64 in [1, 59, 86400] {
            let due = schedule.due(second * UInt64(rate), from: Self.start)
            #expect(due.nanoseconds(since: Self.start) == second * Bench.second)
        }
        #expect(schedule.count == 2 * 86400 * UInt64(rate))
        #expect(schedule.firstMeasured == 86400 * UInt64(rate))
    }

    @Test(arguments: [1, 3, 7, 1000, 999_983, 10_000_000])
    func `what is due is counted from the moment that it is`(rate: Int) {
        let schedule = schedule(rate)
        for arrival: UInt64 in [1, 2, 1000, 123_456] where arrival < schedule.count {
            let due = schedule.due(arrival, from: Self.start)
            let before = Instant(nanoseconds: due.nanoseconds - 1)
            #expect(schedule.dueCount(at: due, from: Self.start) == arrival + 1)
            #expect(schedule.dueCount(at: before, from: Self.start) == arrival)
        }
    }

    @Test func `a count sets the end, and all of it is measured`() {
        let schedule = schedule(10, count: 25)
        #expect(schedule.count == 25)
        #expect(schedule.firstMeasured == 0)
        let end = Self.start + 3600 * Bench.second
        #expect(schedule.dueCount(at: end, from: Self.start) == 25)
    }
}

import Histogram
import Load
import Testing

/// Open loops: what is due begins on time or waits, and its wait is part of its time.
@Suite struct OpenLoopTests {
    private static let millisecond: UInt64 = 1_000_000

    private func settings(_ scenario: Scenario, rate: Int) -> Settings {
        var settings = Bench.settings(scenario, .direct)
        settings.rate = rate
        settings.duration = Bench.second / 5
        return settings
    }

    /// How many of `times` are of `least` or more.
    private func count(_ times: Histogram<UInt64>, least: UInt64) -> Int {
        times.recordedValues().reduce(0) { $1.value >= least ? $0 + Int($1.count) : $0 }
    }

    @Test(arguments: [1, 3])
    func `every message that was due is carried and timed`(workers: Int) throws {
        var settings = settings(.echo, rate: 2000)
        settings.workers = workers
        settings.warmup = Bench.second / 20
        let outcome = try Bench.run(settings)
        #expect(outcome.tally.failures == [:])
        // 50 ms of warm-up and 200 ms that are measured.
        #expect(outcome.tally.trip.totalCount == 400)
        #expect(outcome.tally.lateness.totalCount == 400)
    }

    @Test func `every tunnel that was due is opened and timed`() throws {
        var settings = settings(.rate, rate: 500)
        settings.tunnels = 0
        settings.workers = 2
        let outcome = try Bench.run(settings)
        #expect(outcome.tally.failures == [:])
        #expect(outcome.tally.life.totalCount == 100)
        #expect(outcome.tally.lateness.totalCount == 100)
        settings.tunnels = 30
        #expect(try Bench.run(settings).tally.life.totalCount == 30)
    }

    @Test func `a pause is in the times of all messages that were due in it`() throws {
        var settings = settings(.echo, rate: 1000)
        settings.tunnels = 1
        let pause = Fault.pauses(.up, 40 * 64, milliseconds: 300)
        let outcome = try Bench.run(settings, pause)
        #expect(outcome.tally.failures == [:])
        // In a closed loop the one message that is held up would be the only slow one.
        #expect(count(outcome.tally.trip, least: 100 * Self.millisecond) > 100)
        #expect(count(outcome.tally.lateness, least: 100 * Self.millisecond) > 100)
        let inLine = try #require(outcome.inLine)
        #expect(inLine > 50)
        settings.rate = nil
        let closed = try Bench.run(settings, pause)
        #expect(count(closed.tally.trip, least: 250 * Self.millisecond) <= 1)
    }

    @Test func `a wait in line for a place is in the times of a tunnel`() throws {
        var settings = settings(.rate, rate: 1000)
        settings.tunnels = 20
        settings.concurrency = 1
        let outcome = try Bench.run(settings, .dallies(milliseconds: 20))
        #expect(outcome.tally.failures == [:])
        // The last is due after 19 ms, and begins when 19 others have taken 20 ms each.
        #expect(outcome.tally.lateness.maxRecorded > 350 * Self.millisecond)
        #expect(outcome.tally.setup.maxRecorded > 370 * Self.millisecond)
        #expect(outcome.tally.life.maxRecorded > 370 * Self.millisecond)
    }

    @Test func `what waits for longer than the timeout is reported`() throws {
        var settings = settings(.rate, rate: 1000)
        settings.tunnels = 0
        settings.concurrency = 1
        settings.timeout = Bench.second / 2
        let outcome = try Bench.run(settings, .dallies(milliseconds: 50))
        #expect(outcome.kinds == [.unserved])
    }

    @Test func `more workers than tunnels are refused`() throws {
        var settings = settings(.echo, rate: 10)
        settings.workers = 25
        #expect(throws: SettingError.self) { try Bench.run(settings) }
    }
}

import Histogram
import Kernel
import Load
import Testing

@Suite struct MixTests {
    @Test(arguments: [1, 3])
    func `every kind gets its share of tunnels, and is told apart`(workers: Int) throws {
        var settings = Bench.settings(.mix, .direct)
        settings.tunnels = 0
        settings.duration = Bench.second / 2
        settings.workers = workers
        let outcome = try Bench.run(settings)
        #expect(outcome.tally.failures == [:])
        let kinds = outcome.tally.kinds
        #expect(kinds.count == Kind.allCases.count)
        for kind in Kind.allCases {
            let tally = kinds[Int(kind.rawValue)]
            #expect(tally.finished > 0, "\(kind)")
            #expect(tally.failed == 0)
            #expect(tally.bytes > 0)
            #expect((tally.messages > 0) == (kind != .bulk))
            #expect(Int(tally.trip.totalCount) == tally.messages)
        }
        let all = kinds.reduce(0) { $0 + Int($1.life.totalCount) }
        #expect(Int(outcome.tally.life.totalCount) == all)
    }

    @Test func `tunnels that stand and streams that flow at the end are ended well`() throws {
        var settings = Bench.settings(.mix, .direct)
        settings.tunnels = 0
        settings.mix.stand = 3600 * Bench.second...3600 * Bench.second
        settings.mix.think = 0...0
        settings.mix.stream = 30_000_000...40_000_000
        let outcome = try Bench.run(settings)
        #expect(outcome.tally.failures == [:])
    }

    @Test func `a kind without a share has no tunnels`() throws {
        var settings = Bench.settings(.mix, .direct)
        settings.mix.shares = [.chatty: 100]
        let kinds = try Bench.run(settings).tally.kinds
        #expect(kinds.map(\.finished) == [0, settings.tunnels, 0, 0])
        #expect(kinds[1].messages >= 2 * settings.tunnels)
        #expect(kinds[1].messages <= 5 * settings.tunnels)
    }

    @Test(arguments: [1, 7, 100, 12_345])
    func `places are shared out as the percentages say`(count: Int) {
        let places = Mix().places(count)
        #expect(places.count == count)
        for (kind, percent) in Mix().shares {
            let own = places.count { $0 == kind }
            #expect(abs(own * 100 - count * percent) <= 100)
        }
    }

    @Test func `timers come in the order of their times, and not before`() {
        var heap = TimerHeap(capacity: 10)
        var random = Random(3)
        var times = (0..<500).map { _ in random.below(1000) }
        for time in times { heap.set(time, at: Instant(nanoseconds: time)) }
        times.sort()
        #expect(heap.take(at: Instant(nanoseconds: times[0] &- 1)) == nil)
        for time in times {
            #expect(heap.next == Instant(nanoseconds: time))
            #expect(heap.take(at: Instant(nanoseconds: time)) == time)
        }
        #expect(heap.take(at: Instant(nanoseconds: 1000)) == nil)
    }

    @Test func `a range is drawn from by orders of magnitude, up to its ends`() {
        var random = Random(5)
        let draws = (0..<20_000).map { _ in random.scale(in: 64...65536) }
        #expect(draws.allSatisfy { (64...65536).contains($0) })
        // Ten doublings, each as likely as the next.
        for doubling in 0..<10 {
            let low = UInt64(64) << UInt64(doubling)
            let share = draws.count { $0 >= low && $0 < 2 * low }
            #expect((1800...2200).contains(share), "from \(low): \(share)")
        }
        #expect((0..<100).allSatisfy { _ in random.scale(in: 7...7) == 7 })
        #expect(Set((0..<100).map { _ in random.scale(in: 0...1) }) == [0, 1])
    }
}

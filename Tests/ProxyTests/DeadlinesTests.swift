import Kernel
import Proxy
import Testing

/// The wheel of deadlines against a list of them.
@Suite struct DeadlinesTests {
    private static let tick: UInt64 = 1 << 24
    private static let slots = 64

    /// The tick at whose beginning a deadline has passed.
    private static func due(_ instant: Instant) -> UInt64 { instant.nanoseconds / tick + 1 }

    /// From a tick to hours, each order of magnitude as likely as the next.
    private static func distance(_ random: inout some RandomNumberGenerator) -> UInt64 {
        UInt64.random(in: 0..<1 << UInt64.random(in: 1...42, using: &random), using: &random)
    }

    @Test(arguments: 0..<20)
    func `each passes once, none early, and who waits is woken for it`(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var now = Instant(nanoseconds: UInt64.random(in: 0..<1 << 50, using: &random))
        var wheel = try Deadlines(slots: Self.slots, now: now)
        var expected: [UInt32: UInt64] = [:]
        for _ in 0..<5000 {
            let slot = UInt32.random(in: 0..<UInt32(Self.slots), using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                wheel.clear(slot)
                expected[slot] = nil
            case 1..<5:
                let instant = now + Self.distance(&random)
                wheel.set(slot, at: instant)
                expected[slot] = Self.due(instant)
            default:
                let next = wheel.nextWake()
                #expect((next == nil) == expected.isEmpty)
                guard let next, let first = expected.values.min() else { break }
                #expect(next.nanoseconds <= first * Self.tick)
                #expect(next > now)
                // As often as not it is late, as who was busy is.
                let late = Bool.random(using: &random) ? 0 : Self.distance(&random)
                now = max(now, next) + late
                while let passed = wheel.next(passedBy: now) {
                    let due = expected.removeValue(forKey: passed)
                    #expect(due.map { $0 * Self.tick <= now.nanoseconds } == true)
                }
                #expect(expected.values.allSatisfy { $0 * Self.tick > now.nanoseconds })
            }
        }
    }

    @Test func `who waits for what is near is not woken before it`() throws {
        let start = Instant(nanoseconds: 300 * Self.tick)
        var wheel = try Deadlines(slots: Self.slots, now: start)
        func wake(_ ticks: UInt64) -> Bool {
            wheel.nextWake() == Instant(nanoseconds: ticks * Self.tick)
        }
        // Within the finest ring, which ends each 256 ticks.
        wheel.set(1, at: start + 40 * Self.tick)
        #expect(wake(341))
        wheel.set(2, at: start + 20 * Self.tick)
        #expect(wake(321))
        wheel.clear(2)
        #expect(wake(341))
        let passed = wheel.next(passedBy: start + 41 * Self.tick)
        #expect(passed == 1)
        let none = wheel.nextWake()
        #expect(none == nil)
    }

    @Test func `a deadline that is set after years without one is neither early nor late`() throws {
        let start = Instant(nanoseconds: 1000 * Self.tick)
        var wheel = try Deadlines(slots: Self.slots, now: start)
        let later = start + 3 * 366 * 86_400_000_000_000
        wheel.skip(to: later)
        wheel.set(1, at: later + 100 * Self.tick)
        let early = wheel.next(passedBy: later + 99 * Self.tick)
        #expect(early == nil)
        let due = wheel.next(passedBy: later + 101 * Self.tick)
        #expect(due == 1)
    }
}

/// Numbers that follow from a seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

import Policy
import Testing

@Suite struct RateTests {
    private static let second: UInt64 = 1_000_000_000

    /// Takes pieces as `pieces` come up, each as soon as it may go; what went, and by when.
    private static func run(_ rate: Rate, pieces: [UInt64], pauses: [UInt64]) -> (UInt64, UInt64) {
        let start: UInt64 = 50 * second
        var now = start
        var debt: UInt64 = 0
        var gone: UInt64 = 0
        for (piece, pause) in zip(pieces, pauses) {
            now += pause
            debt = rate.debt(debt, taking: piece, at: now)
            now = max(now, debt)
            gone += piece
        }
        return (gone, now - start)
    }

    @Test(arguments: [1024, 100_000, 1 << 20, 1 << 30, 1 << 40] as [UInt64], 0..<20 as Range<Int>)
    func `no more goes than the rate and one burst`(_ perSecond: UInt64, _ turn: Int) {
        let rate = Rate(bytesPerSecond: perSecond)
        let most = rate.quantum(whileOthersWait: false)
        let pieces = (0..<500).map { _ in UInt64.random(in: 1...most) }
        let pauses = pieces.map { _ in turn % 2 == 0 ? 0 : UInt64.random(in: 0...60_000_000) }
        let (gone, time) = Self.run(rate, pieces: pieces, pauses: pauses)
        let allowed = Double(perSecond) * Double(time + 2 * 500) / Double(Self.second)
        #expect(Double(gone) <= allowed + Double(rate.burst) + 1)
        // And it isn't held up for longer than that takes.
        let waited = time - min(time, pauses.reduce(0, +))
        #expect(Double(waited) <= Double(gone) * Double(Self.second) / Double(perSecond) + 500)
    }

    @Test func `after a rest a burst goes at once, and not a byte more`() {
        let rate = Rate(bytesPerSecond: 1 << 20)
        let now = 100 * Self.second
        #expect(rate.debt(0, taking: rate.burst, at: now) <= now)
        #expect(rate.debt(0, taking: rate.burst + 2, at: now) > now)
        let debt = rate.debt(0, taking: 1 << 20, at: now)
        #expect(!rate.isBehind(now, at: now) && rate.isBehind(debt, at: now))
    }

    @Test func `tunnels go as many at once as in a second`() {
        let rate = Rate(tunnelsPerSecond: 5)
        let now = 100 * Self.second
        var debt: UInt64 = 0
        for _ in 0..<5 { debt = rate.debt(debt, taking: 1, at: now) }
        #expect(debt <= now)
        #expect(rate.debt(debt, taking: 1, at: now) > now)
        #expect(rate.debt(debt, taking: 1, at: now + Self.second / 5) <= now + Self.second / 5)
    }

    @Test func `what is given back can be taken again, and no more`() {
        let rate = Rate(bytesPerSecond: 1 << 20)
        let now = 100 * Self.second
        let debt = rate.debt(now, taking: 3 << 20, at: now)
        #expect(debt == now + 3 * Self.second)
        #expect(rate.debt(debt, returning: 2 << 20) == now + Self.second)
        #expect(rate.debt(rate.debt(now, returning: .max), taking: rate.burst, at: now) == now)
    }

    @Test func `a debt goes at the new rate`() {
        let (old, rate) = (Rate(bytesPerSecond: 1 << 20), Rate(bytesPerSecond: 1 << 22))
        let now = 100 * Self.second
        let debt = now + 8 * Self.second
        #expect(rate.debt(debt, madeAt: old, at: now) == now + 2 * Self.second)
        #expect(old.debt(debt, madeAt: rate, at: now) == now + 32 * Self.second)
        #expect(rate.debt(now - 1, madeAt: old, at: now) == now - 1)
    }

    @Test func `nothing overflows`() {
        let rate = Rate(bytesPerSecond: 1024)
        let debt = rate.debt(.max / 8, taking: .max, at: 0)
        #expect(debt > .max / 8)
        #expect(rate.debt(0, taking: 0, at: 0) == 0)
        let fast = Rate(bytesPerSecond: .max)
        #expect(rate.debt(.max / 8, madeAt: fast, at: 0) == UInt64.max / 4)
        #expect(rate.debt(1, returning: .max) == 0)
    }
}

import Kernel
import Proxy
import Testing

@Suite struct OccupancyTests {
    private static let millisecond: UInt64 = 1_000_000
    private let start = Instant(nanoseconds: 1_000 * millisecond)

    /// A worker that has had `tunnels` for `milliseconds`, of which `ended` end in each.
    private func occupied(_ tunnels: Int, for milliseconds: UInt64, ended: Int = 0) -> Occupancy {
        var occupancy = Occupancy(start)
        for passed in 1...milliseconds {
            occupancy.beginTurn(tunnels: tunnels, start + passed * Self.millisecond)
            for _ in 0..<ended { occupancy.didEnd() }
        }
        return occupancy
    }

    @Test func `a lead of few tunnels counts once it has lasted, by a small margin`() {
        for (tunnels, margin) in [(2, 2), (8, 2), (16, 4), (32, 8), (128, 8), (160, 10)] {
            let others = tunnels - margin
            let occupancy = occupied(tunnels, for: 500)
            #expect(occupancy.isAhead(with: tunnels, of: others, others), "\(tunnels)")
            #expect(!occupancy.isAhead(with: tunnels, of: others + 1, others), "\(tunnels)")
            #expect(!Occupancy(start).isAhead(with: tunnels, of: others, 0), "\(tunnels)")
        }
        #expect(!occupied(1, for: 500).isAhead(with: 1, of: 0, 0))
    }

    @Test func `a burst is spread once it is longer than what may be followed by another's`() {
        #expect(!Occupancy(start).isAhead(with: Occupancy.burst, of: 0, 0))
        #expect(Occupancy(start).isAhead(with: Occupancy.burst + 1, of: 0, 0))
    }

    @Test func `the mean follows what lasts, and hardly what comes and goes`() {
        var occupancy = occupied(100, for: 500)
        #expect(abs(occupancy.mean - 100) < 1)
        occupancy.beginTurn(tunnels: 0, start + 501 * Self.millisecond)
        #expect(occupancy.mean > 95)
        occupancy.beginTurn(tunnels: 0, start + 2_000 * Self.millisecond)
        #expect(occupancy.mean == 0)
    }

    @Test func `a lead that ends by itself is none, unless it has lasted`() {
        let occupancy = occupied(120, for: 200, ended: 8)
        #expect(occupancy.turnover == 80)
        #expect(!occupancy.isAhead(with: 120, of: 40, 116))
        #expect(occupancy.isAhead(with: 120, of: 39, 116))
        #expect(occupancy.isAhead(with: 120, of: 40, 110))
    }

    @Test func `what has ended is forgotten within two periods`() {
        var occupancy = occupied(60, for: 20, ended: 4)
        let end = start + 20 * Self.millisecond
        occupancy.beginTurn(tunnels: 60, end + 10 * Self.millisecond)
        #expect(occupancy.turnover == 4)
        occupancy.beginTurn(tunnels: 60, end + 20 * Self.millisecond)
        #expect(occupancy.turnover == 0)
    }
}

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

    @Test func `few new tunnels are spread by a small margin, many by a sixteenth`() {
        let occupancy = Occupancy(start)
        for (tunnels, margin) in [(2, 2), (8, 2), (16, 4), (32, 8), (128, 8), (160, 10)] {
            #expect(occupancy.isAhead(with: tunnels, of: tunnels - margin, 0), "\(tunnels)")
            #expect(!occupancy.isAhead(with: tunnels, of: tunnels - margin + 1, 0), "\(tunnels)")
        }
        #expect(!occupancy.isAhead(with: 1, of: 0, 0))
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
        let occupancy = occupied(60, for: 200, ended: 4)
        #expect(occupancy.turnover == 40)
        #expect(!occupancy.isAhead(with: 64, of: 24, 60))
        #expect(occupancy.isAhead(with: 64, of: 23, 60))
        #expect(occupancy.isAhead(with: 64, of: 24, 51))
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

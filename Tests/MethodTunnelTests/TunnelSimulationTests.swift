import MethodTunnel
import Testing

/// Seeded sessions, both ends in one process, with a network between that loses, repeats, delays,
/// reorders and cuts requests and answers.
@Suite struct TunnelSimulationTests {
    /// The failure of the session that follows from `seed`, if it fails.
    static func failure(of seed: UInt64, canary: TunnelCanary = .none) -> String? {
        do {
            try TunnelWorld(seed: seed, canary: canary).run()
            return nil
        } catch {
            return "seed \(seed): \(error)"
        }
    }

    @Test(arguments: 0..<Seeds.shards)
    func `every byte comes once and in order, and no stream hangs`(shard: Int) {
        Seeds.live(shard: shard) { Self.failure(of: $0) }
    }

    @Test(arguments: TunnelCanary.allCases.filter { $0 != .none })
    func `a planted fault is noticed`(canary: TunnelCanary) {
        let isNoticed = (1...50).contains { Self.failure(of: $0, canary: canary) != nil }
        #expect(isNoticed)
    }

    @Test func `a stream that waits takes little`() {
        #expect(MemoryLayout<TunnelStream>.stride <= 512)
    }
}

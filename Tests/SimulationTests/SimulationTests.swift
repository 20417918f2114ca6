import Testing

/// Seeded lives on a kernel that fails.
@Suite struct SimulationTests {
    @Test(arguments: 0..<Seeds.shards)
    func `every invariant holds through every fault`(shard: Int) {
        Seeds.watchForTraps()
        let end = Seeds.base + Seeds.count
        var seed = Seeds.base + UInt64(shard)
        var failures = 0
        while seed < end, failures < 5 {
            Seeds.begin(seed, shard: shard)
            if let failure = Simulation.failure(of: seed) {
                failures += 1
                Issue.record("\(failure); replay with: \(Seeds.replay(seed))")
            }
            seed += UInt64(Seeds.shards)
        }
        Seeds.begin(0, shard: shard)
    }

    @Test(arguments: Canary.allCases.filter { $0 != .none })
    func `a planted fault is noticed`(canary: Canary) {
        let isNoticed = (1...100).contains { seed in
            Simulation.failure(of: UInt64(seed)) == nil
                && Simulation.failure(of: UInt64(seed), canary: canary) != nil
        }
        #expect(isNoticed)
    }
}

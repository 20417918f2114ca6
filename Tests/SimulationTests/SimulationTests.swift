import Testing

/// Seeded lives on a kernel that fails.
@Suite struct SimulationTests {
    @Test(arguments: 0..<Seeds.shards)
    func `every invariant holds through every fault`(shard: Int) {
        Seeds.live(shard: shard) { Simulation.failure(of: $0) }
    }

    @Test func `tunnels move, some of them often`() throws {
        let moves = try (1...200).map { try Simulation.moves(of: UInt64($0)) }
        #expect(moves.count { $0 > 0 } > 20)
        #expect(moves.count { $0 > 20 } > 2)
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

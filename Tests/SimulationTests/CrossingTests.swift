import Testing

/// Seeded lives of both ends of the tunnel without CONNECT, against each other in one process, on a
/// kernel and a network that fail.
@Suite struct CrossingTests {
    @Test(arguments: 0..<Seeds.shards)
    func `every byte comes once and in order, and no stream hangs`(shard: Int) {
        Seeds.live(shard: shard, share: 10) { CrossingSimulation.failure(of: $0) }
    }
}

import Kernel
import Load
import Testing

extension AllocationTests {
    /// What the load tool's own threads allocate in a run of so many tunnels and nanoseconds.
    private static func run(_ scenario: Scenario, tunnels: Int, duration: UInt64) throws -> UInt64 {
        var settings = Settings(scenario, .direct)
        settings.tunnels = tunnels
        settings.duration = duration
        settings.warmup = 0
        let plan = try Plan(settings, openFiles: Descriptors.limits().soft)
        let count = try Allocations.onWorkers {
            var engine = try Engine(plan) { _, milliseconds in
                Thread.pause(milliseconds: UInt32(milliseconds))
                return false
            }
            #expect(engine.run().tally.failures == [:])
        }
        return count.number
    }

    @Test(arguments: [Scenario.echo, .bulk, .rate, .hold, .verify])
    func `the load tool allocates nothing for a tunnel or a message`(scenario: Scenario) throws {
        let tunnels = scenario.isStreaming ? 2000 : 50
        let few = scenario.isStreaming ? 200 : tunnels
        _ = try Self.run(scenario, tunnels: few, duration: 100_000_000)
        let short = try Self.run(scenario, tunnels: few, duration: 100_000_000)
        let long = try Self.run(scenario, tunnels: tunnels, duration: 1_000_000_000)
        #expect(short > 0, "nothing is counted, not even what a worker starts with")
        #expect(long == short)
    }
}

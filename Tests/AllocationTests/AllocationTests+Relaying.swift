import Policy
import Proxy
import Testing

extension AllocationTests {
    private static func openTunnels(_ scene: Scene) throws -> [Peer] {
        try (0..<8).map { _ in try scene.openTunnel(to: scene.literal) }
    }

    @Test(arguments: Configuration.RelayMode.allCases)
    func `a hundred thousand messages allocate nothing`(mode: Configuration.RelayMode) throws {
        let scene = try Scene { configuration in
            configuration.relay = mode
            // Every look at the timer finds a flow that has been silent for long enough to park.
            configuration.parkAfter = 1
        }
        defer { scene.end() }
        let tunnels = try Self.openTunnels(scene)
        try Scene.exchange(1000, over: tunnels)
        let count = try Allocations.onWorkers { try Scene.exchange(100_000, over: tunnels) }
        #expect(count.number == 0, "\(count)")
    }

    @Test(arguments: Configuration.RelayMode.allCases)
    func `256 MiB each way allocate nothing`(mode: Configuration.RelayMode) throws {
        let scene = try Scene { $0.relay = mode }
        defer { scene.end() }
        let tunnel = try scene.openTunnel(to: scene.literal)
        try Scene.pour(4 << 20, through: [tunnel])
        let count = try Allocations.onWorkers { try Scene.pour(256 << 20, through: [tunnel]) }
        #expect(count.number == 0, "\(count)")
    }

    @Test(arguments: Configuration.RelayMode.allCases)
    func `want of buffers and pipes allocates nothing`(mode: Configuration.RelayMode) throws {
        let scene = try Scene { configuration in
            configuration.relay = mode
            configuration.buffers = 2
            configuration.pipes = 1
        }
        defer { scene.end() }
        let tunnels = try Self.openTunnels(scene)
        try Scene.pour(1 << 20, through: tunnels)
        let count = try Allocations.onWorkers { try Scene.pour(8 << 20, through: tunnels) }
        #expect(count.number == 0, "\(count)")
    }

    @Test(arguments: Configuration.RelayMode.allCases)
    func `rates of a rule allocate nothing`(mode: Configuration.RelayMode) throws {
        var rule = Rule("limited", .allow)
        rule.terms.limits.all.upPerSecond = 64 << 20
        rule.terms.limits.all.downPerSecond = 64 << 20
        let scene = try Scene(policy: RuleList([rule])) { $0.relay = mode }
        defer { scene.end() }
        let tunnels = try Self.openTunnels(scene)
        try Scene.exchange(1000, over: tunnels)
        try Scene.pour(1 << 20, through: tunnels)
        let count = try Allocations.onWorkers {
            try Scene.exchange(20_000, over: tunnels)
            try Scene.pour(8 << 20, through: tunnels)
        }
        #expect(count.number == 0, "\(count)")
    }
}

import Proxy
import Testing

extension AllocationTests {
    @Test func `messages in requests allocate nothing`() throws {
        let scene = try Scene { $0.methodTunnel = "/tunnel" }
        defer { scene.end() }
        let carried = try Carried(scene.server, to: scene.literal)
        for _ in 0..<100 { try carried.exchange(Scene.message) }
        let count = try Allocations.onWorkers {
            for _ in 0..<3000 { try carried.exchange(Scene.message) }
        }
        #expect(count.number == 0, "\(count)")
        try carried.quit()
    }

    @Test func `messages and bytes through both ends allocate nothing`() throws {
        let scene = try Scene { $0.methodTunnel = "/tunnel" }
        let client = try RunningClient(server: scene.server.port)
        defer {
            client.end()
            scene.end()
        }
        let tunnels = try (0..<4).map { _ in try client.openTunnel(to: scene.literal) }
        try Scene.exchange(400, over: tunnels)
        try Scene.pour(4 << 20, through: tunnels)
        let messages = try Allocations.onWorkers { try Scene.exchange(4000, over: tunnels) }
        #expect(messages.number == 0, "\(messages)")
        let bytes = try Allocations.onWorkers { try Scene.pour(16 << 20, through: tunnels) }
        #expect(bytes.number == 0, "\(bytes)")
        for tunnel in tunnels { tunnel.finish() }
        for tunnel in tunnels { try tunnel.expectEnd() }
    }
}

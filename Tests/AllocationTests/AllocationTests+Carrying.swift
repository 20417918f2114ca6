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
}

import Kernel
import Testing

@Suite struct SlabTests {
    private struct Tenant: ~Copyable {
        var lives = 0
    }

    @Test func `slots are taken in order, and a freed one is the next`() throws {
        var slab = try Slab<Tenant>(capacity: 3)
        #expect(slab.take { _ in Tenant() } == 0)
        #expect(slab.take { _ in Tenant() } == 1)
        slab[0].lives = 5
        slab.release(0)
        #expect(slab.count == 1)
        #expect(slab.take { _ in Tenant() } == 0)
        #expect(slab[0].lives == 5)
    }

    @Test func `a full slab gives nothing`() throws {
        var slab = try Slab<Tenant>(capacity: 2)
        _ = slab.take { _ in Tenant() }
        _ = slab.take { _ in Tenant() }
        #expect(slab.take { _ in Tenant() } == nil)
        slab.release(1)
        #expect(slab.take { _ in Tenant() } == 1)
    }

    @Test func `a slot that is given back too often traps`() async {
        await #expect(processExitsWith: .failure) {
            var slab = try Slab<Tenant>(capacity: 2)
            _ = slab.take { _ in Tenant() }
            slab.release(0)
            slab.release(0)
        }
    }
}

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

    /// One of those whom a census counts.
    private final class Lodger {
        private let census: Census
        init(_ census: Census) {
            self.census = census
            census.count += 1
        }
        deinit { census.count -= 1 }
    }

    private final class Census {
        var count = 0
    }

    @Test func `tenants with blocks live as long as their slot is taken`() throws {
        let census = Census()
        do {
            var slab = try BlockSlab<Lodger>(capacity: 2, blockSize: 100)
            #expect(slab.take { Lodger(census) } == 0)
            #expect(slab.take { Lodger(census) } == 1)
            #expect(slab.take { Lodger(census) } == nil)
            #expect(census.count == 2)
            slab.release(0)
            #expect(census.count == 1)
            #expect(slab.count == 1)
            #expect(slab.take { Lodger(census) } == 0)
            slab.release(1)
        }
        #expect(census.count == 0)
    }

    @Test func `a slot that is free goes back with its block, and only that one`() throws {
        var slab = try BlockSlab<Int>(capacity: 2, blockSize: 10_000)
        for slot in 0..<2 as Range<UInt32> {
            #expect(slab.take { 7 } == slot)
            #expect(slab.block(slot).count >= 10_000)
            slab.block(slot)[0] = 1
            slab.block(slot)[9999] = 2
        }
        slab.release(0)
        slab.empty(0)
        #expect(slab.block(0)[0] == 0)
        #expect(slab.block(0)[9999] == 0)
        #expect(slab[1] == 7)
        #expect(slab.block(1)[0] == 1)
        #expect(slab.block(1)[9999] == 2)
        #expect(slab.take { 8 } == 0)
        #expect(slab[0] == 8)
    }
}

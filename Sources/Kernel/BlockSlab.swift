/// A fixed table of tenants at stable addresses, each with a block of memory right behind it.
///
/// A tenant lives as long as its slot is taken. All of it is reserved at start and costs resident
/// memory only where it has been used; a free slot can go back to the system, with its block.
@safe public struct BlockSlab<Tenant: ~Copyable>: ~Copyable {
    private let blocks: Blocks
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let stride: Int
    @usableFromInline let free: Table<UInt32>
    @usableFromInline var counts = SlotCounts()
    /// How many slots there are.
    public var capacity: Int { free.count }
    /// How many slots are taken.
    @inlinable public var count: Int { counts.taken }

    /// Where a block begins: behind its tenant, and on a cache line of its own.
    private static var blockStart: Int { (MemoryLayout<Tenant>.size + 63) / 64 * 64 }

    /// Reserves `capacity` slots, each with a block of at least `blockSize` bytes.
    ///
    /// - Throws: `SystemError` of mmap(2).
    public init(capacity: Int, blockSize: Int) throws(SystemError) {
        precondition(capacity > 0 && capacity < Int(UInt32.max))
        // Whole pages, so that all of a slot can go back.
        let stride = Pages.whole(BlockSlab.blockStart + blockSize)
        let blocks = try Blocks(count: capacity, blockSize: stride)
        let free = try Table<UInt32>(zeroed: capacity)
        self.free = free
        unsafe base = blocks.base
        self.stride = stride
        self.blocks = blocks
    }

    deinit {
        var isFree = [Bool](repeating: false, count: counts.used)
        for index in 0..<counts.free { isFree[Int(free[index])] = true }
        for slot in 0..<UInt32(counts.used) where !isFree[Int(slot)] {
            unsafe tenant(slot).deinitialize(count: 1)
        }
    }

    @inlinable func tenant(_ slot: UInt32) -> UnsafeMutablePointer<Tenant> {
        precondition(slot < counts.used, "no tenant has lived there")
        return unsafe (base + Int(slot) * stride).assumingMemoryBound(to: Tenant.self)
    }

    /// Takes a slot for the tenant that `make` makes, or nil if all are taken.
    @inlinable public mutating func take(_ make: () -> Tenant) -> UInt32? {
        guard let slot = counts.takeUsed(free) ?? counts.takeNew(free) else { return nil }
        unsafe tenant(slot).initialize(to: make())
        return slot
    }

    /// Gives a slot back; its tenant is no more.
    ///
    /// The caller must have taken it, and gives it back once.
    @inlinable public mutating func release(_ slot: UInt32) {
        counts.release(slot, free)
        unsafe tenant(slot).deinitialize(count: 1)
    }

    /// Returns the memory of a slot that is free to the system.
    public func empty(_ slot: UInt32) { blocks.empty(Int(slot)) }

    /// The block of `slot`.
    public func block(_ slot: UInt32) -> Extent {
        blocks[Int(slot)].part(BlockSlab.blockStart..<stride)
    }

    /// The tenant of `slot`, which must be taken, in place.
    @inlinable public subscript(slot: UInt32) -> Tenant {
        unsafeAddress { unsafe UnsafePointer(tenant(slot)) }
        unsafeMutableAddress { unsafe tenant(slot) }
    }
}

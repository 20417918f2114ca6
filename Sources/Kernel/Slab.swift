/// A fixed table of tenants at stable addresses.
///
/// All of it is reserved at start and costs resident memory only where a slot has been used. A
/// freed slot is the next to be taken, so that the warm ones are used again. A tenant stays as it
/// was when its slot is freed: it is the tenant's own affair to begin anew, and it can keep a
/// generation over several lives.
@safe public struct Slab<Tenant: ~Copyable>: ~Copyable {
    private let pages: Pages
    @usableFromInline let tenants: UnsafeMutablePointer<Tenant>
    @usableFromInline let free: Table<UInt32>
    @usableFromInline var freeCount = 0
    /// Slots that have ever been used; their tenants exist.
    @usableFromInline var made = 0
    /// How many slots there are.
    public let capacity: Int
    /// How many slots are taken.
    @inlinable public var count: Int { made - freeCount }

    /// Reserves `capacity` slots.
    ///
    /// - Throws: `SystemError` of mmap(2).
    public init(capacity: Int) throws(SystemError) {
        precondition(capacity > 0 && capacity < Int(UInt32.max))
        let pages = try Pages(byteCount: capacity * MemoryLayout<Tenant>.stride)
        let free = try Table<UInt32>(zeroed: capacity)
        self.free = free
        unsafe tenants = pages.base.bindMemory(to: Tenant.self, capacity: capacity)
        self.pages = pages
        self.capacity = capacity
    }

    deinit {
        unsafe tenants.deinitialize(count: made)
    }

    /// Takes a slot, or nil if all are taken.
    ///
    /// `make` is called once in a slot's existence.
    @inlinable public mutating func take(_ make: (UInt32) -> Tenant) -> UInt32? {
        if freeCount > 0 {
            freeCount -= 1
            return free[freeCount]
        }
        guard made < capacity else { return nil }
        let slot = UInt32(truncatingIfNeeded: made)
        unsafe (tenants + made).initialize(to: make(slot))
        made += 1
        return slot
    }

    /// Gives a slot back.
    ///
    /// The caller must have taken it, and gives it back once.
    @inlinable public mutating func release(_ slot: UInt32) {
        precondition(freeCount < made, "a slot was given back twice")
        free[freeCount] = slot
        freeCount += 1
    }

    /// Whether a tenant has ever lived in `slot`.
    @inlinable public func exists(_ slot: UInt32) -> Bool { Int(slot) < made }

    /// Slots that have ever been used, from zero.
    @inlinable public var used: Int { made }

    /// The tenant of `slot`, in place.
    @inlinable public subscript(slot: UInt32) -> Tenant {
        unsafeAddress {
            precondition(Int(slot) < made, "no tenant has lived there")
            return unsafe UnsafePointer(tenants + Int(slot))
        }
        unsafeMutableAddress {
            precondition(Int(slot) < made, "no tenant has lived there")
            return unsafe tenants + Int(slot)
        }
    }
}

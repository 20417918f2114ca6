/// A fixed table of tenants at stable addresses.
///
/// All of it is reserved at start and costs resident memory only where a slot has been used. The
/// slot that was freed last is the next to be taken. A tenant stays as it was when its slot is
/// freed: it is the tenant's own affair to begin anew, and it can keep a generation over several
/// lives.
@safe public struct Slab<Tenant: ~Copyable>: ~Copyable {
    private let pages: Pages
    @usableFromInline let tenants: UnsafeMutablePointer<Tenant>
    @usableFromInline let free: Table<UInt32>
    @usableFromInline var counts = SlotCounts()
    /// How many slots there are.
    public var capacity: Int { free.count }
    /// How many slots are taken.
    @inlinable public var count: Int { counts.taken }

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
    }

    deinit {
        unsafe tenants.deinitialize(count: used)
    }

    /// Takes a slot, or nil if all are taken.
    ///
    /// `make` is called once in a slot's existence.
    @inlinable public mutating func take(_ make: (UInt32) -> Tenant) -> UInt32? {
        if let slot = counts.takeUsed(free) { return slot }
        guard let slot = counts.takeNew(free) else { return nil }
        unsafe (tenants + Int(slot)).initialize(to: make(slot))
        return slot
    }

    /// Gives a slot back.
    ///
    /// The caller must have taken it, and gives it back once.
    @inlinable public mutating func release(_ slot: UInt32) { counts.release(slot, free) }

    /// Whether a tenant has ever lived in `slot`.
    @inlinable public func exists(_ slot: UInt32) -> Bool { Int(slot) < used }

    /// Slots that have ever been used, from zero.
    @inlinable public var used: Int { counts.used }

    /// The tenant of `slot`, in place.
    @inlinable public subscript(slot: UInt32) -> Tenant {
        unsafeAddress {
            precondition(Int(slot) < used, "no tenant has lived there")
            return unsafe UnsafePointer(tenants + Int(slot))
        }
        unsafeMutableAddress {
            precondition(Int(slot) < used, "no tenant has lived there")
            return unsafe tenants + Int(slot)
        }
    }
}

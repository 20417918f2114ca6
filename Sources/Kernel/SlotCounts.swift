/// How many slots of a table are taken, and whose turn is next: the slot that was freed last, so
/// that the warm ones are used again.
///
/// The free slots themselves lie with the owner, which lends them: the compiler (Swift 6.3) can't
/// inline into other modules what would hold them here.
@usableFromInline struct SlotCounts {
    @usableFromInline var free = 0
    /// Slots that have ever been taken, from zero.
    @usableFromInline var used = 0
    /// How many slots are taken.
    @inlinable var taken: Int { used - free }

    @inlinable init() {}

    /// Takes a slot that was taken before; nil if none of those is free.
    @inlinable mutating func takeUsed(_ slots: borrowing Table<UInt32>) -> UInt32? {
        guard free > 0 else { return nil }
        free -= 1
        return slots[free]
    }

    /// Takes a slot that has never been taken; nil if there is none.
    @inlinable mutating func takeNew(_ slots: borrowing Table<UInt32>) -> UInt32? {
        guard used < slots.count else { return nil }
        used += 1
        return UInt32(truncatingIfNeeded: used - 1)
    }

    /// Gives a slot back, which has been taken since it was given back last.
    @inlinable mutating func release(_ slot: UInt32, _ slots: borrowing Table<UInt32>) {
        precondition(free < used, "a slot was given back twice")
        slots[free] = slot
        free += 1
    }
}

/// A queue of slots in which each stands at most once.
struct SlotQueue: Sendable {
    private static var absent: UInt16 { .max }
    private static var last: UInt16 { .max - 1 }

    /// For each slot the next one in the queue.
    private var links: [UInt16] = []
    private var first: UInt16 = .max - 1
    private var final: UInt16 = 0
    private(set) var count = 0

    /// Makes room for slots below `count`.
    mutating func grow(to count: Int) {
        while links.count < count { links.append(Self.absent) }
    }

    /// Puts `slot` at the end, unless it stands in the queue.
    mutating func append(_ slot: Int) {
        guard links[slot] == Self.absent else { return }
        links[slot] = Self.last
        if count == 0 {
            first = UInt16(slot)
        } else {
            links[Int(final)] = UInt16(slot)
        }
        final = UInt16(slot)
        count += 1
    }

    /// Takes the first slot out.
    mutating func popFirst() -> Int? {
        guard count > 0 else { return nil }
        let slot = Int(first)
        first = links[slot]
        links[slot] = Self.absent
        count -= 1
        return slot
    }
}

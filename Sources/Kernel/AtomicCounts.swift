internal import Synchronization

/// A fixed array of counters that all threads may change; each starts at zero.
@safe public final class AtomicCounts: Sendable {
    private let pages: Pages
    private nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt32>>
    /// How many counters there are.
    public let count: Int

    /// Reserves `count` counters; memory is used only for those that are touched.
    ///
    /// - Throws: `SystemError` of mmap(2).
    public init(count: Int) throws(SystemError) {
        let pages = try Pages(byteCount: count * MemoryLayout<Atomic<UInt32>>.stride)
        // Zeroed memory is a valid counter of zero.
        unsafe cells = pages.base.assumingMemoryBound(to: Atomic<UInt32>.self)
        self.pages = pages
        self.count = count
    }

    /// Adds one to the counter at `index`; the new value.
    public func increment(_ index: Int) -> UInt32 {
        precondition(index >= 0 && index < count, "no such counter")
        return unsafe cells[index].add(1, ordering: .sequentiallyConsistent).newValue
    }

    /// Takes one from the counter at `index`.
    public func decrement(_ index: Int) {
        precondition(index >= 0 && index < count, "no such counter")
        _ = unsafe cells[index].subtract(1, ordering: .sequentiallyConsistent)
    }

    /// What the counter at `index` says.
    public func read(_ index: Int) -> UInt32 {
        precondition(index >= 0 && index < count, "no such counter")
        return unsafe cells[index].load(ordering: .sequentiallyConsistent)
    }

    /// Lets the counter at `index` say `value`.
    public func set(_ index: Int, _ value: UInt32) {
        precondition(index >= 0 && index < count, "no such counter")
        unsafe cells[index].store(value, ordering: .relaxed)
    }

    /// Lets the counter at `index` say `value` if it says `expected`; whether it did.
    public func exchange(_ index: Int, _ expected: UInt32, for value: UInt32) -> Bool {
        precondition(index >= 0 && index < count, "no such counter")
        return unsafe cells[index].compareExchange(
            expected: expected,
            desired: value,
            ordering: .sequentiallyConsistent
        ).exchanged
    }
}

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
        return unsafe cells[index].add(1, ordering: .relaxed).newValue
    }

    /// Takes one from the counter at `index`.
    public func decrement(_ index: Int) {
        precondition(index >= 0 && index < count, "no such counter")
        _ = unsafe cells[index].subtract(1, ordering: .relaxed)
    }
}

internal import Synchronization

/// A bounded queue of records from one thread to one other.
///
/// The producer never waits: a record that doesn't fit is refused. The consumer takes what is
/// there as stretches of memory.
@safe public final class Spool: Sendable {
    private let pages: Pages
    private nonisolated(unsafe) let base: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    /// Bytes that have ever been written and taken.
    private let written = Atomic<Int>(0)
    /// Each end writes its own number all the time: not on one cache line, nor on its neighbour,
    /// which processors fetch along.
    private let pad = InlineArray<16, UInt64>(repeating: 0)
    private let taken = Atomic<Int>(0)

    /// A queue that holds `capacity` bytes.
    ///
    /// - Throws: `SystemError` of mmap(2).
    public init(capacity: Int) throws(SystemError) {
        let pages = try Pages(byteCount: capacity)
        unsafe base = pages.base.assumingMemoryBound(to: UInt8.self)
        self.capacity = capacity
        self.pages = pages
    }

    /// Producer: adds the first `count` bytes of `record`, whole or not at all.
    public func push(_ record: Extent, count: Int) -> Bool {
        let start = written.load(ordering: .relaxed)
        guard count <= capacity - (start - taken.load(ordering: .acquiring)) else { return false }
        let position = start % capacity
        let first = min(count, capacity - position)
        unsafe (base + position).update(from: record.start, count: first)
        unsafe base.update(from: record.start + first, count: count - first)
        written.store(start + count, ordering: .releasing)
        return true
    }

    /// Consumer: the bytes that lie together from the oldest on, or from the one behind so many;
    /// nil if there are none.
    public func peek(skipping skipped: Int = 0) -> Extent? {
        let start = taken.load(ordering: .relaxed) + skipped
        let count = written.load(ordering: .acquiring) - start
        guard count > 0 else { return nil }
        let position = start % capacity
        return unsafe Extent(
            unsafeStart: base + position,
            count: min(count, capacity - position)
        )
    }

    /// Consumer: `count` bytes have been dealt with.
    public func drop(_ count: Int) {
        taken.store(taken.load(ordering: .relaxed) + count, ordering: .releasing)
    }
}

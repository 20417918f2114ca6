internal import Synchronization

/// A fixed array of lines of eight numbers that all threads may change; each starts at zero.
///
/// A line is as long as one of the cache, so that threads at different lines don't meet.
@safe public final class AtomicLines: Sendable {
    private static var width: Int { 8 }

    private let pages: Pages
    private nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt64>>
    /// How many lines there are.
    public let count: Int

    /// Reserves `count` lines; memory is used only for those that are touched.
    ///
    /// - Throws: `SystemError` of mmap(2).
    public init(count: Int) throws(SystemError) {
        let width = AtomicLines.width
        let pages = try Pages(byteCount: count * width * MemoryLayout<Atomic<UInt64>>.stride)
        // Zeroed memory is a valid number of zero.
        unsafe cells = pages.base.assumingMemoryBound(to: Atomic<UInt64>.self)
        self.pages = pages
        self.count = count
    }

    private func index(_ line: Int, _ cell: Int) -> Int {
        precondition(line >= 0 && line < count && cell >= 0 && cell < AtomicLines.width)
        return line * AtomicLines.width + cell
    }

    /// Adds `amount`, which may wrap around, to number `cell` of `line`; the new value.
    @discardableResult
    public func add(_ line: Int, _ cell: Int, _ amount: UInt64) -> UInt64 {
        let index = index(line, cell)
        return unsafe cells[index].wrappingAdd(amount, ordering: .relaxed).newValue
    }

    /// Number `cell` of `line`.
    public func read(_ line: Int, _ cell: Int) -> UInt64 {
        let index = index(line, cell)
        return unsafe cells[index].load(ordering: .relaxed)
    }

    /// Lets number `cell` of `line` be `value`.
    public func set(_ line: Int, _ cell: Int, _ value: UInt64) {
        let index = index(line, cell)
        unsafe cells[index].store(value, ordering: .relaxed)
    }

    /// Lets number `cell` of `line` be `value` if it is `expected`; whether it was.
    public func exchange(_ line: Int, _ cell: Int, _ expected: UInt64, for value: UInt64) -> Bool {
        let index = index(line, cell)
        return unsafe cells[index].compareExchange(
            expected: expected,
            desired: value,
            ordering: .relaxed
        ).exchanged
    }
}

internal import CLiburing
internal import Glibc

/// A stretch of memory that never moves and outlives whoever holds this value.
///
/// Only the pools of this module make extents, over memory that is mapped until the worker ends,
/// so holding one is safe; whose turn it is to write is the pool's contract with its tenant.
@safe public struct Extent: @unchecked Sendable {
    @usableFromInline let start: UnsafeMutablePointer<UInt8>
    /// Bytes in the extent.
    public let count: Int

    @inlinable init(unsafeStart: UnsafeMutablePointer<UInt8>, count: Int) {
        unsafe start = unsafeStart
        self.count = count
    }

    /// The bytes in `range` of this extent.
    public func part(_ range: Range<Int>) -> Extent {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range leaves the extent")
        return unsafe Extent(unsafeStart: start + range.lowerBound, count: range.count)
    }

    /// Copies these bytes to the beginning of `other`.
    public func copy(to other: Extent) {
        precondition(other.count >= count, "no room for the copy")
        unsafe other.start.update(from: start, count: count)
    }

    /// Where these bytes first differ from the first bytes of `other`; nil if they agree.
    public func firstDifference(from other: Extent) -> Int? {
        precondition(other.count >= count, "nothing to compare the last bytes with")
        guard unsafe memcmp(start, other.start, count) != 0 else { return nil }
        return (0..<count).first { unsafe start[$0] != other.start[$0] }
    }

    /// Whether a byte of this extent is also one of `other`.
    package func overlaps(_ other: Extent) -> Bool {
        unsafe start < other.start + other.count && other.start < start + count
    }

    /// Lends the bytes to `body`.
    @inlinable public func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
        return try body(unsafe bytes.span)
    }

    /// Overwrites all of it with zeros.
    public func clear() { unsafe start.update(repeating: 0, count: count) }

    /// Writes the bytes of `value`, as this program has them in memory, at `offset`.
    public func store<Value: BitwiseCopyable>(_ value: Value, at offset: Int) {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= count, "no room for it")
        unsafe UnsafeMutableRawPointer(start + offset).storeBytes(of: value, as: Value.self)
    }

    /// The value whose bytes lie at `offset`, where `store` has written one of this very type.
    public func load<Value: BitwiseCopyable>(_: Value.Type, at offset: Int) -> Value {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= count, "nothing is there")
        return unsafe UnsafeRawPointer(start + offset).loadUnaligned(as: Value.self)
    }

    /// Lends the bytes to `body`, which may write them.
    @unsafe package func withUnsafeMutableBytes<Result>(
        _ body: (UnsafeMutableRawBufferPointer) -> Result
    ) -> Result {
        unsafe body(UnsafeMutableRawBufferPointer(start: start, count: count))
    }

    /// The byte at `index`.
    @inlinable public subscript(index: Int) -> UInt8 {
        get {
            precondition(index >= 0 && index < count, "index leaves the extent")
            return unsafe start[index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count, "index leaves the extent")
            unsafe start[index] = newValue
        }
    }
}

/// Zeroed pages, mapped for as long as this value lives and backed only where they are touched.
@safe struct Pages: ~Copyable, @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    /// Bytes of one; 4 KiB on x86, up to 64 KiB elsewhere.
    static let size = SystemFile.pageSize

    /// `byteCount`, rounded up to whole pages.
    static func whole(_ byteCount: Int) -> Int { (byteCount + size - 1) / size * size }

    /// Maps at least `byteCount` bytes.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(byteCount: Int) throws(SystemError) {
        let size = Pages.whole(max(byteCount, 1))
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let address = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            throw SystemError("mmap")
        }
        // All of it is used here and there: a huge page would back 2 MiB for each byte touched.
        // A kernel without huge pages refuses the advice, and needs none.
        unsafe madvise(address, size, MADV_NOHUGEPAGE)
        unsafe base = address
        self.byteCount = size
    }

    deinit {
        unsafe munmap(base, byteCount)
    }
}

/// Fixed blocks of equal size in mapped memory, addressed by index.
///
/// A block costs resident memory only once it has been written.
@safe public struct Blocks: ~Copyable, Sendable {
    private let pages: Pages
    /// Bytes of one block.
    public let blockSize: Int
    /// How many blocks there are.
    public let count: Int

    /// Maps `count` blocks of `blockSize` bytes.
    ///
    /// - Throws: `SystemError` of mmap(2).
    public init(count: Int, blockSize: Int) throws(SystemError) {
        precondition(count >= 0 && blockSize > 0)
        pages = try Pages(byteCount: count * blockSize)
        self.count = count
        self.blockSize = blockSize
    }

    /// The first byte of the first block.
    var base: UnsafeMutableRawPointer { unsafe pages.base }

    /// The least size of a block with `byteCount` bytes all of which can be returned to the system.
    public static func wholePages(_ byteCount: Int) -> Int { Pages.whole(byteCount) }

    /// Returns the memory of the block at `index` to the system; it reads as zeros from now on.
    ///
    /// Only whole pages are returned: what neighbours share stays.
    public func empty(_ index: Int) {
        precondition(index >= 0 && index < count, "no such block")
        let start = Pages.whole(index * blockSize)
        let end = (index + 1) * blockSize / Pages.size * Pages.size
        guard end > start else { return }
        unsafe madvise(pages.base + start, end - start, MADV_DONTNEED)
    }

    /// The block at `index`.
    public subscript(index: Int) -> Extent {
        precondition(index >= 0 && index < count, "no such block")
        let start = unsafe pages.base + index * blockSize
        return unsafe Extent(
            unsafeStart: start.assumingMemoryBound(to: UInt8.self),
            count: blockSize
        )
    }
}

/// A fixed array of plain values in mapped memory, touched only where it is used.
@safe public struct Table<Element: BitwiseCopyable>: ~Copyable {
    private let pages: Pages
    @usableFromInline let elements: UnsafeMutablePointer<Element>
    /// How many elements there are.
    public let count: Int

    /// Maps `count` elements.
    ///
    /// They begin as zeroed memory, which must be a valid `Element`.
    ///
    /// - Throws: `SystemError` of mmap(2).
    public init(zeroed count: Int) throws(SystemError) {
        pages = try Pages(byteCount: count * MemoryLayout<Element>.stride)
        unsafe elements = pages.base.bindMemory(to: Element.self, capacity: count)
        self.count = count
    }

    /// The element at `index`.
    @inlinable public subscript(index: Int) -> Element {
        unsafeAddress {
            precondition(index >= 0 && index < count, "no such element")
            return unsafe UnsafePointer(elements + index)
        }
        nonmutating unsafeMutableAddress {
            precondition(index >= 0 && index < count, "no such element")
            return unsafe elements + index
        }
    }
}

/// Which blocks of the caller's memory are free, for the bytes of streams that wait.
///
/// Blocks are numbered from 0; what stands in them is the caller's. One pool may serve many
/// sessions.
public struct BlockPool: ~Copyable, Sendable {
    /// Bytes of one block.
    public let blockSize: Int
    /// How many blocks there are.
    public let count: Int
    private var free: [UInt32]

    /// A pool of `count` free blocks of `blockSize` bytes.
    public init(count: Int, blockSize: Int) {
        precondition(count > 0 && count < Int(UInt32.max) && blockSize > 0)
        self.count = count
        self.blockSize = blockSize
        free = (0..<UInt32(count)).reversed()
    }

    /// Blocks that are free.
    public var freeCount: Int { free.count }

    mutating func take() -> UInt32? { free.popLast() }

    mutating func give(_ block: UInt32) {
        precondition(free.count < count)
        free.append(block)
    }
}

/// The blocks that hold the bytes of one flow that wait: those within its window.
struct BlockWindow: Sendable {
    /// Blocks that a window may span, one more than fit in it.
    static var blocksMax: Int { 17 }
    private static var none: UInt32 { .max }

    private var blocks = [17 of UInt32](repeating: .max)

    /// The block of the byte at `offset`, taken from the pool if there is none yet.
    mutating func block(at offset: UInt64, _ pool: inout BlockPool) -> UInt32? {
        let index = Self.index(offset, pool.blockSize)
        if blocks[index] == Self.none { blocks[index] = pool.take() ?? Self.none }
        return blocks[index] == Self.none ? nil : blocks[index]
    }

    /// The block of the byte at `offset`, if it has one.
    func block(at offset: UInt64, blockSize: Int) -> UInt32? {
        let block = blocks[Self.index(offset, blockSize)]
        return block == Self.none ? nil : block
    }

    /// Gives the block of the byte at `offset` back.
    mutating func release(at offset: UInt64, _ pool: inout BlockPool) {
        release(Self.index(offset, pool.blockSize), &pool)
    }

    /// Gives all blocks back.
    mutating func releaseAll(_ pool: inout BlockPool) {
        for index in 0..<Self.blocksMax { release(index, &pool) }
    }

    private mutating func release(_ index: Int, _ pool: inout BlockPool) {
        guard blocks[index] != Self.none else { return }
        pool.give(blocks[index])
        blocks[index] = Self.none
    }

    private static func index(_ offset: UInt64, _ blockSize: Int) -> Int {
        Int(offset / UInt64(blockSize) % UInt64(blocksMax))
    }
}

internal import CAllocations
internal import Kernel

/// What a piece costs.
struct Measurement {
    /// Nanoseconds of CPU each time, in the quickest of several batches.
    let nanoseconds: Double
    /// Allocations each time: what a batch of twice the size has more.
    let allocations: Double
    /// What the work returned, all batches together.
    let sum: UInt64

    private static var batches: Int { 5 }

    /// Measures `piece`, `count` times a batch, on the calling thread.
    ///
    /// The first batch warms up. The thread is named as those are whose allocations count.
    init(_ piece: Piece, count: Int, _ clock: ThreadClock) {
        var sum = piece.work(count)
        var least = UInt64.max
        for _ in 0..<Self.batches {
            let start = clock.nanoseconds ?? 0
            sum &+= piece.work(count)
            least = min(least, (clock.nanoseconds ?? 0) - start)
        }
        nanoseconds = Double(least) / Double(count)
        let once = Self.allocations(of: piece, count)
        let twice = Self.allocations(of: piece, 2 * count)
        allocations = (Double(twice) - Double(once)) / Double(count)
        self.sum = sum
    }

    /// Allocations of one batch; what it needs once, such as its input, is among them.
    private static func allocations(of piece: Piece, _ count: Int) -> UInt64 {
        allocations_begin()
        _ = piece.work(count)
        return allocations_end()
    }
}

internal import Kernel
internal import Relay

/// What bulk may take of a turn, so that messages never wait for all the bulk there is.
///
/// Splicing is done at once, by the worker itself, and takes some 100 us for half a MiB. Flows move
/// bytes where they find them, until the turn's slice is used up; the others stand in line, first
/// in the turns that follow. Between two turns all that has come meanwhile is handled.
struct BulkShare: ~Copyable {
    private var line: FlowLine
    /// Bytes that may be moved in a turn.
    private let slice: Int
    private var left: Int
    private var isServing = false
    /// What a move costs besides its bytes, in bytes that could be moved instead.
    private static var moveCost: Int { 8192 }

    /// Whether flows stand in line.
    var hasWaiting: Bool { line.count > 0 }

    /// Shares for the flows of `slots` tunnels, which move `slice` bytes in a turn.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(slice: Int, slots: Int) throws(SystemError) {
        let line = try FlowLine(slots: slots)
        self.line = line
        self.slice = slice
        left = slice
    }

    /// A turn begins.
    mutating func beginTurn() { left = slice }

    /// Whether the flow of `slot` and `direction` may move bytes now; otherwise it joins the line.
    mutating func admit(_ slot: UInt32, _ direction: Direction) -> Bool {
        if isServing || (left > 0 && line.count == 0) { return true }
        line.join(slot, direction)
        return false
    }

    /// `count` bytes went into a pipe or out of one.
    mutating func use(_ count: Int) { left -= count / 2 + BulkShare.moveCost }

    /// The flow in line to be served now; nil if the slice is used up or nobody waits.
    ///
    /// Its moves are admitted until the next is asked for; to be asked until it is nil.
    mutating func next() -> FlowLine.Waiter? {
        isServing = left > 0 && line.count > 0
        return isServing ? line.next() : nil
    }
}

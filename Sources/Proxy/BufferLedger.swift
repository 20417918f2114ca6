internal import Kernel

/// Who holds a worker's relay buffers, and which flows wait for one.
///
/// The buffers are lent by the kernel with a completed receive. It has only as many to lend as the
/// last turns needed, and gets those that came back last: memory that was never needed is never
/// touched, and what is used stays warm. A flow that found none waits in line, and is told when one
/// has come back. A slow sink must not take buffers from everybody: when half of them are out, what
/// a sink had no room for moves to memory of the tunnel's own.
struct BufferLedger: ~Copyable {
    /// Buffers of the worker.
    let count: Int
    /// Buffers that flows hold.
    private(set) var outCount = 0
    /// Buffers that neither a flow nor the kernel has; the one that came back last is on top.
    private var idle: Table<UInt16>
    private(set) var idleCount: Int
    /// How many the kernel should have at the beginning of a turn.
    private var wantedCount: Int
    /// The most that were used in one turn lately, and in how many turns.
    private var peakCount = 0
    private var turnCount = 0
    private static var wantedLeast: Int { 16 }
    /// Of buffers whose bytes wait behind those of others: how many bytes, and the next buffer.
    private var waiting: Table<UInt32>
    private var following: Table<UInt16>
    private static var none: UInt16 { .max }
    /// The flows that wait for a buffer.
    var line: FlowLine

    /// A ledger for `count` buffers and the flows of `slots` tunnels.
    init(count: Int, slots: Int) throws(SystemError) {
        let line = try FlowLine(slots: slots)
        let idle = try Table<UInt16>(zeroed: count)
        let waiting = try Table<UInt32>(zeroed: count)
        let following = try Table<UInt16>(zeroed: count)
        self.waiting = waiting
        self.following = following
        self.line = line
        self.idle = idle
        self.count = count
        idleCount = count
        wantedCount = min(count, BufferLedger.wantedLeast)
        for index in 0..<count { self.idle[index] = UInt16(truncatingIfNeeded: count - 1 - index) }
    }

    /// Whether buffers are getting scarce.
    var isTight: Bool { outCount > count / 2 }

    /// A receive used `buffer`.
    mutating func lend(_ buffer: UInt16) {
        outCount += 1
        following[Int(buffer)] = BufferLedger.none
    }

    /// A flow has given `buffer` back.
    mutating func take(_ buffer: UInt16) {
        precondition(outCount > 0, "a buffer was given back twice")
        outCount -= 1
        idle[idleCount] = buffer
        idleCount += 1
    }

    // MARK: What waits behind

    /// `count` bytes came into `buffer`, which follows `last` if there is one.
    mutating func append(_ buffer: UInt16, _ count: Int, behind last: UInt16?) {
        waiting[Int(buffer)] = UInt32(count)
        if let last { following[Int(last)] = buffer }
    }

    /// `count` bytes more lie in `buffer`, which was appended.
    mutating func add(_ count: Int, to buffer: UInt16) { waiting[Int(buffer)] += UInt32(count) }

    /// The last of those that follow `first`, or itself.
    func last(from first: UInt16) -> UInt16 {
        var last = first
        while let next = follower(of: last) { last = next }
        return last
    }

    /// The buffer whose bytes come behind those of `buffer`.
    func follower(of buffer: UInt16) -> UInt16? {
        let next = following[Int(buffer)]
        return next == BufferLedger.none ? nil : next
    }

    /// Bytes in `buffer`, which was appended.
    func waitingBytes(in buffer: UInt16) -> Int { Int(waiting[Int(buffer)]) }

    // MARK: What the kernel has

    /// Buffers that the kernel has.
    private var providedCount: Int { count - outCount - idleCount }

    /// A receive found no buffer.
    mutating func ranOut() { wantedCount = min(2 * wantedCount, count) }

    /// A turn is over: adapts to what it used.
    mutating func adapt() {
        let used = max(wantedCount - providedCount, 0)
        if 2 * used > wantedCount { wantedCount = min(2 * wantedCount, count) }
        peakCount = max(peakCount, used)
        turnCount += 1
        guard turnCount == 4096 else { return }
        if 4 * peakCount < wantedCount {
            wantedCount = max(wantedCount / 2, min(count, BufferLedger.wantedLeast))
        }
        turnCount = 0
        peakCount = 0
    }

    /// The buffer to hand to the kernel next; nil if it has enough.
    mutating func nextToProvide() -> UInt16? {
        guard idleCount > 0, providedCount < wantedCount else { return nil }
        idleCount -= 1
        return idle[idleCount]
    }
}

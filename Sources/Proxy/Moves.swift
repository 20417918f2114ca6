internal import Kernel

/// What a worker knows of the tunnels that it moves to others (`Worker+Moving.swift`).
struct Moves {
    /// What it has to do.
    var effort: Effort
    /// How many of its tunnels are busy.
    var census = Census()
    /// The slot from which on tunnels are looked at that may be moved.
    var turn = 0
    /// The worker to which those move that come to rest.
    var destination = 0
    /// Slots of those that are to come to rest, and looks since.
    var departing: [UInt32] = []
    var looksDeparting = 0

    /// From `now` on, when the thread has wanted `wanted` nanoseconds of CPU.
    ///
    /// At most `departingMax` tunnels move at once.
    init(_ now: Instant, wanted: UInt64, departingMax: Int) {
        effort = Effort(now, wanted: wanted)
        departing.reserveCapacity(departingMax)
    }
}

/// A count of tunnels that looks at some slots at a time.
struct Census {
    /// The slot that is looked at next, and how many have been counted before it.
    private var turn = 0
    private var counted = 0

    private static var stepMax: Int { 256 }

    /// The slots to look at, of `used`.
    func slots(of used: Int) -> Range<Int> { turn..<min(turn + Census.stepMax, used) }

    /// There are `count` in `slots`; how many in all, once all `used` slots have been looked at.
    mutating func add(_ count: Int, in slots: Range<Int>, of used: Int) -> Int? {
        counted += count
        turn = slots.upperBound
        guard turn == used else { return nil }
        defer { self = Census() }
        return counted
    }

    /// So many have come to `slot`, or have gone from it if it is negative.
    mutating func change(_ slot: UInt32, by count: Int) {
        if slot < turn { counted = max(counted + count, 0) }
    }
}

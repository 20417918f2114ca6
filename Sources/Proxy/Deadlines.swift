package import Kernel

/// One deadline for each slot, kept in a wheel of coarse ticks.
///
/// Setting, moving and clearing a deadline cost the same few writes however many there are. Four
/// rings of buckets cover ticks, and 256, 16,384 and a million ticks each; a slot moves to a finer
/// ring as its time comes nearer. A deadline is never early and at most a tick late. Whoever
/// restarts a timer often should not move it each time but look, when it fires, whether it is due.
package struct Deadlines: ~Copyable {
    /// One tick is 2^24 nanoseconds, 16.8 ms.
    private static var tickBits: UInt64 { 24 }
    private static var firstBits: UInt32 { 8 }
    private static var ringBits: UInt32 { 6 }
    private static var rings: Int { 4 }
    private static var bucketCount: Int { 256 + 3 * 64 }

    private struct Link: BitwiseCopyable {
        /// Slot numbers plus one; zero is none.
        var next: UInt32
        var previous: UInt32
        var due: UInt32
        /// Bucket number plus one; zero is not set.
        var bucket: UInt32
    }

    private var links: Table<Link>
    private var buckets: Table<UInt32>
    /// The tick that has been worked off last.
    private var tick: UInt64
    /// Between `tick` and this one no bucket of the first ring holds anything.
    private var firstFilled: UInt64 = 0
    private(set) var count = 0

    /// A wheel for `slots` slots that begins at `now`.
    package init(slots: Int, now: Instant) throws(SystemError) {
        let links = try Table<Link>(zeroed: slots)
        let buckets = try Table<UInt32>(zeroed: Deadlines.bucketCount)
        self.links = links
        self.buckets = buckets
        tick = Deadlines.ticks(now)
    }

    private static func ticks(_ instant: Instant) -> UInt64 {
        instant.nanoseconds >> tickBits
    }

    /// Sets or moves the deadline of `slot`.
    package mutating func set(_ slot: UInt32, at instant: Instant) {
        // Half of what the bits hold is farther away than anything that is waited for.
        let reach = min(max(Deadlines.ticks(instant) + 1, tick + 1), tick + UInt64(Int32.max))
        let due = UInt32(truncatingIfNeeded: reach)
        if links[Int(slot)].bucket != 0 {
            if links[Int(slot)].due == due { return }
            unlink(slot)
        } else {
            count += 1
        }
        links[Int(slot)].due = due
        link(slot)
    }

    /// Forgets the deadline of `slot`, if it has one.
    package mutating func clear(_ slot: UInt32) {
        guard links[Int(slot)].bucket != 0 else { return }
        unlink(slot)
        count -= 1
    }

    private mutating func link(_ slot: UInt32) {
        let due = links[Int(slot)].due
        let bucket = Deadlines.bucket(due: due, tick: UInt32(truncatingIfNeeded: tick))
        let first = buckets[bucket]
        links[Int(slot)].next = first
        links[Int(slot)].previous = 0
        links[Int(slot)].bucket = UInt32(bucket) + 1
        if first != 0 { links[Int(first) - 1].previous = slot + 1 }
        buckets[bucket] = slot + 1
        if bucket < 256 {
            firstFilled = min(firstFilled, tick + UInt64(due &- UInt32(truncatingIfNeeded: tick)))
        }
    }

    private mutating func unlink(_ slot: UInt32) {
        let link = links[Int(slot)]
        if link.next != 0 { links[Int(link.next) - 1].previous = link.previous }
        if link.previous != 0 {
            links[Int(link.previous) - 1].next = link.next
        } else {
            buckets[Int(link.bucket) - 1] = link.next
        }
        links[Int(slot)].bucket = 0
    }

    private static func bucket(due: UInt32, tick: UInt32) -> Int {
        let distance = due &- tick
        if distance < 256 { return Int(due & 255) }
        var shift = firstBits
        for ring in 1..<rings - 1 {
            if distance < 1 << (shift + ringBits) {
                return 256 + (ring - 1) * 64 + Int((due >> shift) & 63)
            }
            shift += ringBits
        }
        // Further than the wheel reaches: as far as it does, and set again from there.
        let reach = min(distance, (1 << (shift + ringBits)) - 1)
        return 256 + (rings - 2) * 64 + Int(((tick &+ reach) >> shift) & 63)
    }

    /// It is `now`: where there is no deadline, nothing has to be worked off until then.
    package mutating func skip(to now: Instant) {
        if count == 0 { tick = max(tick, Deadlines.ticks(now)) }
    }

    /// A slot whose deadline has passed by `now`, which is cleared; nil if there is none.
    package mutating func next(passedBy now: Instant) -> UInt32? {
        let target = Deadlines.ticks(now)
        while true {
            if let slot = popDue() { return slot }
            guard tick < target else { return nil }
            if count == 0 {
                tick = target
                return nil
            }
            tick += 1
            cascade()
        }
    }

    private mutating func popDue() -> UInt32? {
        let first = buckets[Int(tick & 255)]
        guard first != 0 else { return nil }
        // A bucket of the first ring holds one tick only: all in it are due.
        let slot = first - 1
        unlink(slot)
        count -= 1
        return slot
    }

    /// Moves what a coarse bucket holds to finer ones when its time begins.
    private mutating func cascade() {
        var shift = Deadlines.firstBits
        for ring in 1..<Deadlines.rings {
            guard tick & ((1 << shift) - 1) == 0 else { return }
            let bucket = 256 + (ring - 1) * 64 + Int((tick >> shift) & 63)
            var next = buckets[bucket]
            buckets[bucket] = 0
            while next != 0 {
                let slot = next - 1
                next = links[Int(slot)].next
                link(slot)
            }
            shift += Deadlines.ringBits
        }
    }

    /// When to look again: at the next deadline or move to a finer ring; nil if none is set.
    ///
    /// It is asked each turn, so it looks only where it hasn't looked before.
    package mutating func nextWake() -> Instant? {
        guard count > 0 else { return nil }
        firstFilled = max(firstFilled, tick + 1)
        // The first ring is exact; beyond it the next cascade is soon enough.
        while firstFilled & 255 != 0, buckets[Int(firstFilled & 255)] == 0 { firstFilled += 1 }
        return Instant(nanoseconds: firstFilled << Deadlines.tickBits)
    }
}

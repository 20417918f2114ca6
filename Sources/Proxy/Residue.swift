package import Kernel

/// Which blocks of a pool hold memory that has been of no use for a while, so that it can go back
/// to the system.
///
/// A block is left alone from one look to the next before it counts as of no use, and a few always
/// stay, so that a steady load never waits for memory.
package struct Residue: ~Copyable {
    private enum Mark: UInt8 {
        /// Its memory isn't there.
        case clean
        case inUse
        /// It has come back since the last look.
        case fresh
        /// It lay idle at the last look.
        case stale
    }

    private let marks: Table<UInt8>
    private let floor: Int
    /// Blocks that lie idle with their memory.
    private var idleCount = 0
    private var cursor = 0
    private var nextLook = Instant(nanoseconds: 0)

    /// Nanoseconds from one look to the next.
    package static var interval: UInt64 { 1_000_000_000 }

    /// For `count` blocks whose memory has never been touched; `floor` of them keep it.
    ///
    /// - Throws: `SystemError` of mmap(2).
    package init(count: Int, keeping floor: Int) throws(SystemError) {
        marks = try Table<UInt8>(zeroed: count)
        self.floor = floor
    }

    /// The block at `index` is in use.
    package mutating func use(_ index: Int) {
        if marks[index] >= Mark.fresh.rawValue { idleCount -= 1 }
        marks[index] = Mark.inUse.rawValue
    }

    /// The block at `index` is of use no more.
    package mutating func release(_ index: Int) {
        guard marks[index] == Mark.inUse.rawValue else { return }
        marks[index] = Mark.fresh.rawValue
        idleCount += 1
    }

    /// When to look next; nil while nothing could go back.
    package var wake: Instant? { idleCount > floor ? nextLook : nil }

    /// The next block whose memory may go back by `now`; nil if there is no other, until the next
    /// look is due.
    ///
    /// It counts as given back.
    package mutating func next(by now: Instant) -> Int? {
        guard idleCount > floor, now >= nextLook else { return nil }
        while cursor < marks.count, idleCount > floor {
            let index = cursor
            cursor += 1
            if marks[index] == Mark.stale.rawValue {
                marks[index] = Mark.clean.rawValue
                idleCount -= 1
                if idleCount == floor { endLook(now) }
                return index
            }
            if marks[index] == Mark.fresh.rawValue { marks[index] = Mark.stale.rawValue }
        }
        endLook(now)
        return nil
    }

    private mutating func endLook(_ now: Instant) {
        cursor = 0
        nextLook = now + Residue.interval
    }
}

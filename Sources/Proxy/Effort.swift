package import Kernel

/// How much CPU a worker uses, and whether another has had so much less to do that it should have
/// some of this one's tunnels.
///
/// Clients are spread as they come, when nobody knows yet which of them will be busy: all streams
/// that matter may be with one worker while another rests. Looks are far apart, and a difference
/// counts only once it has lasted.
package struct Effort {
    /// Permille of a CPU, of late.
    package private(set) var share = 0
    private var now: Instant
    private var used: UInt64
    /// Looks in a row that found another worker with much less to do.
    private var confirmations = 0
    /// Looks for which what was moved has to show first.
    private var pause = 0

    /// Nanoseconds between looks.
    package static var span: UInt64 { 25_000_000 }
    /// Permille of a CPU that another worker uses less, at least.
    private static var differenceMin: Int { 250 }
    /// Permille that another may use and still have room: where both have much to do, even numbers
    /// are fairer.
    private static var restMax: Int { 500 }
    /// Permille more that another may use and still be given its own tunnels: far less than what
    /// has it give them away, so that none goes to and fro.
    private static var toleranceMax: Int { 50 }
    private static var confirmationsMin: Int { 4 }
    private static var pauseAfterMove: Int { 8 }

    /// From `now` on, when the thread has used `used` nanoseconds of CPU.
    package init(_ now: Instant, used: UInt64) {
        self.now = now
        self.used = used
    }

    /// When to look next.
    package var nextLook: Instant { now + Effort.span }

    /// Now the thread has used `used` nanoseconds of CPU.
    package mutating func look(_ now: Instant, used: UInt64) {
        let elapsed = max(now.nanoseconds(since: self.now), 1)
        let latest = Int(clamping: (used - min(used, self.used)) * 1000 / elapsed)
        // What was long ago says nothing.
        share = elapsed > 4 * Effort.span ? latest : (share + latest) / 2
        self.now = now
        self.used = used
    }

    /// Whether another worker, which uses `other` permille, should have some of the tunnels; to be
    /// asked once for each look.
    package mutating func isAhead(of other: Int) -> Bool {
        if pause > 0 {
            pause -= 1
            return false
        }
        let isFar = share - other >= Effort.differenceMin && other <= Effort.restMax
        confirmations = isFar ? confirmations + 1 : 0
        return confirmations >= Effort.confirmationsMin
    }

    /// How many of `busy` tunnels to move to a worker that uses `other` permille, so that it has no
    /// more to do afterwards than this one.
    package func surplus(of busy: Int, over other: Int) -> Int {
        busy * (share - other) / (2 * max(share, 1))
    }

    /// How many of `busy` tunnels to give at once to another worker, which uses `other` permille,
    /// if its CPU handles their packets: none if it has clearly more to do.
    package func allowance(of busy: Int, for other: Int) -> Int {
        let room = share + Effort.toleranceMax - other
        return room < 0 ? 0 : max(busy * room / (2 * max(share, 1)), 1)
    }

    /// Tunnels are being moved.
    package mutating func didMove() {
        confirmations = 0
        pause = Effort.pauseAfterMove
    }
}

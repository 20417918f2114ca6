package import Kernel

/// How much a worker has to do, and whether another has so much less that it should have some of
/// this one's tunnels.
///
/// Clients are spread as they come, when nobody knows yet which of them will be busy: all streams
/// that matter may be with one worker while another rests, or only those that last. Looks are far
/// apart, and a difference counts only once it has lasted.
package struct Effort {
    /// What a worker has to do.
    package struct Work: Equatable, Sendable {
        /// Permille of a CPU that it uses or waits for, of late.
        package var share: Int
        /// Tunnels that have moved a byte of late, as of the last look.
        package var busy: Int
        /// All tunnels that it has, or that are on their way to it.
        package var tunnels: Int

        package init(share: Int, busy: Int, tunnels: Int) {
            self.share = share
            self.busy = busy
            self.tunnels = tunnels
        }
    }

    /// One of the other workers.
    package struct Other {
        package var worker: Int
        package var work: Work

        package init(_ worker: Int, _ work: Work) {
            self.worker = worker
            self.work = work
        }
    }

    /// Tunnels to move, and to whom.
    package struct Surplus: Equatable {
        package var count: Int
        package var worker: Int
    }

    /// What this one has to do.
    package private(set) var work = Work(share: 0, busy: 0, tunnels: 0)
    private var now: Instant
    private var wanted: UInt64
    /// Looks in a row that found another with much less to do, and one with far fewer tunnels.
    private var looksAhead = 0
    private var looksFuller = 0
    /// Looks for which what was moved has to show first.
    private var pause = 0

    /// Nanoseconds between looks.
    package static var span: UInt64 { 25_000_000 }
    /// Permille of a CPU that another worker wants more or less, at least, to have clearly more to
    /// do, or much less.
    private static var differenceMin: Int { 250 }
    /// Permille of a CPU that are next to all that a worker can have.
    private static var fullMin: Int { 800 }
    /// Permille more that another may want and still be given tunnels that are its own: far less
    /// than what has it give them away, so that none goes to and fro.
    private static var toleranceMax: Int { 50 }
    private static var looksMin: Int { 12 }
    private static var pauseAfterMove: Int { 8 }

    /// From `now` on, when the thread has wanted `wanted` nanoseconds of CPU.
    package init(_ now: Instant, wanted: UInt64) {
        self.now = now
        self.wanted = wanted
    }

    /// When to look next.
    package var nextLook: Instant { now + Effort.span }

    /// Now the thread has wanted `wanted` nanoseconds of CPU, and `busy` of its `tunnels` are busy.
    package mutating func look(_ now: Instant, wanted: UInt64, busy: Int, of tunnels: Int) {
        let elapsed = max(now.nanoseconds(since: self.now), 1)
        let latest = Int(clamping: (wanted - min(wanted, self.wanted)) * 1000 / elapsed)
        // What was long ago says nothing.
        let isOld = elapsed > 4 * Effort.span
        work.share = isOld ? latest : (3 * work.share + latest) / 4
        work.busy = busy
        work.tunnels = tunnels
        self.now = now
        self.wanted = wanted
    }

    /// How many tunnels to move to which of `others`, if to any; to be asked once for each look.
    ///
    /// Others may be about to give to the same one. So it is given its part only of what is too
    /// much here: half, if there are two of us.
    package mutating func surplus(over others: (_ visit: (Other) -> Void) -> Void) -> Surplus? {
        var idlest: Other?
        var longest: (lead: Int, worker: Int)?
        var workers = 1
        others { other in
            workers += 1
            if other.work.share < idlest?.work.share ?? .max { idlest = other }
            let lead = lead(over: other.work)
            if lead > longest?.lead ?? 0 { longest = (lead, other.worker) }
        }
        guard let idlest else { return nil }
        let difference = work.share - idlest.work.share
        let isAhead = difference >= max(Effort.differenceMin, idlest.work.share)
        looksAhead = isAhead ? looksAhead + 1 : 0
        looksFuller = longest == nil ? 0 : looksFuller + 1
        if pause > 0 {
            pause -= 1
            return nil
        }
        // A single one is not worth moving: it is as much there as here.
        let half = half(of: difference)
        if looksAhead >= Effort.looksMin, half > 0 {
            return Surplus(count: max(2 * half / workers, 1), worker: idlest.worker)
        }
        guard let longest, looksFuller >= Effort.looksMin else { return nil }
        return Surplus(count: max(longest.lead / workers, 1), worker: longest.worker)
    }

    /// How many busy tunnels come to half of `permille`.
    private func half(of permille: Int) -> Int { work.busy * permille / (2 * max(work.share, 1)) }

    /// By how many tunnels another has far fewer busy ones, and fewer in all; 0 if it hasn't, or
    /// has clearly more to do all the same.
    ///
    /// As soon as there is as much to do as can be done, each of those here gets less; so then only
    /// busy ones count.
    private func lead(over other: Work) -> Int {
        guard other.share <= work.share + Effort.differenceMin else { return 0 }
        let ofBusy = work.busy - other.busy
        let ofAll = work.tunnels - other.tunnels
        let lead = work.share >= Effort.fullMin ? ofBusy : min(ofBusy, ofAll)
        return lead >= max(3, (work.busy + other.busy) / 16) ? lead : 0
    }

    /// How many tunnels to give at once to another worker whose CPU handles their packets: none if
    /// it has more to do, or more of them, or more that are busy.
    package func allowance(for other: Work) -> Int {
        let room = work.share + Effort.toleranceMax - other.share
        guard room >= 0 else { return 0 }
        let byShare = max(half(of: room), 1)
        let byBusy = Effort.gift(work.busy, other.busy)
        return min(byShare, byBusy, Effort.gift(work.tunnels, other.tunnels))
    }

    /// How many of `mine` may be given to one who has `others`, and then will have hardly more.
    private static func gift(_ mine: Int, _ others: Int) -> Int {
        max((max(2, (mine + others) / 40) + mine - others) / 2, 0)
    }

    /// So many busy tunnels have come, or have gone if it is negative.
    package mutating func change(busy count: Int) { work.busy = max(work.busy + count, 0) }

    /// Tunnels are being moved.
    package mutating func didMove() {
        pause = Effort.pauseAfterMove
    }
}

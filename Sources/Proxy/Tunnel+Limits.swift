internal import Connect
internal import Internet
internal import Kernel
internal import Policy
internal import Relay
internal import Resolver

/// The limits of the rule by which a tunnel may be.
///
/// A tunnel is counted before an address is dialled, by the rule of that address, and in the end
/// by that of the one that is connected. From then on it has a meter. Its bytes are allowed before
/// they are read; a flow that may not read yet pauses, so that its sender is held back by TCP
/// itself, and goes on by the tunnel's timer.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    // MARK: Being counted

    /// Counts this tunnel by the rule of `decision`, by which an address may be dialled, unless it
    /// is counted so already; false if it may not be, which is noted.
    mutating func beCounted(by decision: Decision?, _ worker: inout Worker) -> Bool {
        guard worker.limiter.haveLimits, let opening, let rule = decision?.rule,
            worker.limiter.limits(of: rule) != nil, !isCounted(by: rule, worker)
        else { return true }
        // The rule that was asked before goes on counting it, but no more than two do at a time.
        if worker.openings[opening].spareMeter != nil, worker.openings[opening].attemptCount == 0 {
            beCountedNoMore(&worker)
        }
        let other = isLimited ? worker.limiter.meters[Int(slot)] : nil
        let refusal: Refusal? =
            worker.openings[opening].spareMeter == nil ? count(by: decision, &worker) : .ruleLimit
        guard let refusal else {
            worker.openings[opening].spareMeter = other
            return true
        }
        worker.openings[opening].note(refusal)
        return false
    }

    private func isCounted(by rule: Int, _ worker: borrowing Worker) -> Bool {
        guard isLimited else { return false }
        if worker.limiter.counts(worker.limiter.meters[Int(slot)], by: rule) { return true }
        guard let opening, let spare = worker.openings[opening].spareMeter else { return false }
        return worker.limiter.counts(spare, by: rule)
    }

    /// The tunnel is connected by `decision`: the limits of its rule hold from now on; false if it
    /// is refused by them.
    mutating func beLimited(by decision: Decision?, _ worker: inout Worker) -> Bool {
        guard isLimited || worker.limiter.haveLimits else { return true }
        let rule = decision?.rule
        if isLimited { settleCount(on: rule, &worker) }
        if !isLimited, let refusal = count(by: decision, &worker) {
            refuse(refusal, &worker)
            return false
        }
        if isLimited, let rule, let limits = worker.limiter.limits(of: rule) {
            worker.limiter.meters[Int(slot)].bytesMax = limits.bytes
            let end = limits.lifetime > 0 ? accepted + limits.lifetime : Instant(nanoseconds: 0)
            worker.limiter.meters[Int(slot)].endsAt = end
        }
        // It may have been connected by other limits, those of the rules of before.
        let isMeasured = isLimited && worker.limiter.measures(slot)
        for direction in Direction.allCases { duplex[direction].measure(isMeasured) }
        return true
    }

    /// Of the rules that count this tunnel, `rule` alone goes on, if it is one of them.
    private mutating func settleCount(on rule: Int?, _ worker: inout Worker) {
        let spare = opening.flatMap { worker.openings[$0].spareMeter }
        if let rule, worker.limiter.counts(worker.limiter.meters[Int(slot)], by: rule) {
            if let spare { worker.limiter.release(spare) }
        } else if let rule, let spare, worker.limiter.counts(spare, by: rule) {
            worker.limiter.release(slot)
            worker.limiter.meters[Int(slot)] = spare
        } else {
            return beCountedNoMore(&worker)
        }
        if let opening { worker.openings[opening].spareMeter = nil }
    }

    private mutating func count(by decision: Decision?, _ worker: inout Worker) -> Refusal? {
        guard let rule = decision?.rule, worker.limiter.limits(of: rule) != nil else { return nil }
        let user = worker.userText(of: slot)
        guard let denied = worker.limiter.admit(slot, user, by: rule, worker.now) else {
            isLimited = true
            return nil
        }
        worker.keep(decision, of: slot)
        switch denied.denial {
        case .tunnels: return denied.isOfUser ? .userLimit : .ruleLimit
        case .rate: return .tooFast
        case .full: return .ruleLimit
        }
    }

    /// No rule counts this tunnel any more.
    mutating func beCountedNoMore(_ worker: inout Worker) {
        guard isLimited else { return }
        isLimited = false
        worker.limiter.release(slot)
        guard let opening, let spare = worker.openings[opening].spareMeter else { return }
        worker.openings[opening].spareMeter = nil
        worker.limiter.release(spare)
    }

    /// There are new rules: their rates hold for this tunnel, which is counted, and what waits does
    /// so no longer than by them.
    mutating func renewRates(_ worker: inout Worker) {
        worker.limiter.renew(worker.limiter.meters[Int(slot)])
        if let spare = opening.flatMap({ worker.openings[$0].spareMeter }) {
            worker.limiter.renew(spare)
        }
        guard state == .relaying, duplex.isPaused else { return }
        for direction in Direction.allCases where duplex[direction].phase == .paused {
            let moment = worker.limiter.meters[Int(slot)][direction].resumeAt
            worker.limiter.meters[Int(slot)][direction].resumeAt =
                min(moment, worker.limiter.paid(slot, direction))
        }
        scheduleRelayTimer(&worker)
    }

    // MARK: Reading

    /// The poll has found something to read from the source of `direction`: whether it may be.
    mutating func mayRead(_ direction: Direction, _ worker: inout Worker) -> Bool {
        guard duplex[direction].isMeasured else {
            if !duplex[direction].isBulk { wakeFromParking(direction, &worker) }
            return true
        }
        let wanted = wanted(direction, worker)
        guard wanted > 0 else {
            // The other flow has what is left.
            pause(direction, until: worker.now + 1_000_000_000, &worker)
            return false
        }
        let grant = worker.limiter.grant(slot, direction, wanted, worker.now)
        guard grant.from > worker.now else { return true }
        pause(direction, until: grant.from, &worker)
        return false
    }

    /// Bytes that the flow of `direction` could make use of.
    private func wanted(_ direction: Direction, _ worker: borrowing Worker) -> UInt64 {
        let size =
            duplex[direction].isBulk
            ? worker.terms.configuration.pipeSize : worker.receiveBytesMax
        let meter = worker.limiter.meters[Int(slot)]
        guard meter.bytesMax > 0 else { return UInt64(size) }
        let moved = duplex.outbound.delivered + duplex.inbound.delivered
        let held = UInt64(duplex.outbound.held) + UInt64(duplex.inbound.held)
        let taken = moved + held + UInt64(meter[direction.reverse].granted)
        return meter.bytesMax > taken ? min(UInt64(size), meter.bytesMax - taken) : 0
    }

    private mutating func pause(
        _ direction: Direction,
        until moment: Instant,
        _ worker: inout Worker
    ) {
        worker.counters.limitPauses.add()
        duplex[direction].mustPause()
        worker.limiter.meters[Int(slot)][direction].resumeAt = moment
        // It isn't read, but it may break.
        watchHangUp(direction, &worker)
        if state == .relaying { scheduleRelayTimer(&worker) }
    }

    /// Bytes to read at once, of at most `size`.
    func readMax(_ direction: Direction, _ size: Int, _ worker: borrowing Worker) -> Int {
        guard duplex[direction].isMeasured else { return size }
        return min(size, Int(worker.limiter.meters[Int(slot)][direction].granted))
    }

    /// A read of the source of `direction` has come to `result`.
    func haveRead(_ direction: Direction, _ result: Int32, _ worker: inout Worker) {
        // A flow that found no buffer will read what it may as soon as there is one.
        guard duplex[direction].isMeasured, result != -Errno.noBuffers else { return }
        worker.limiter.giveBack(slot, direction, used: UInt64(max(result, 0)))
    }

    /// `count` bytes came behind the head, or behind a parent's answer: how many may go on.
    mutating func measureEarly(
        _ direction: Direction,
        _ count: Int,
        _ worker: inout Worker
    ) -> Int {
        guard duplex[direction].isMeasured, count > 0 else { return count }
        let bytesMax = worker.limiter.meters[Int(slot)].bytesMax
        let held = UInt64(duplex[direction.reverse].held)
        let left = bytesMax > held ? bytesMax - held : 0
        let allowed = bytesMax > 0 ? min(UInt64(count), left) : UInt64(count)
        worker.limiter.charge(slot, direction, allowed, worker.now)
        return Int(allowed)
    }

    // MARK: Ending

    /// Whether the tunnel, whose rule has limits, has moved as many bytes as it may.
    func hasMovedAll(_ worker: borrowing Worker) -> Bool {
        let bytesMax = worker.limiter.meters[Int(slot)].bytesMax
        return bytesMax > 0 && duplex.outbound.delivered + duplex.inbound.delivered >= bytesMax
    }

    mutating func endByLimit(_ cause: Ending.Cause, _ worker: inout Worker) {
        worker.counters.limitEnded.add()
        end(Ending(cause: cause, side: .proxy), &worker)
    }

    /// When the limits of its rule have something to do with this tunnel next.
    func limitMoment(_ worker: borrowing Worker) -> Instant {
        let meter = worker.limiter.meters[Int(slot)]
        var moment = Instant(nanoseconds: .max)
        if meter.endsAt.nanoseconds > 0 { moment = meter.endsAt }
        for direction in Direction.allCases where duplex[direction].phase == .paused {
            moment = min(moment, meter[direction].resumeAt)
        }
        return moment
    }

    /// The timer has fired: ends the tunnel if its time is over, or lets flows go on that may read
    /// now; whether it still relays.
    mutating func goesOn(_ worker: inout Worker) -> Bool {
        let meter = worker.limiter.meters[Int(slot)]
        if meter.endsAt.nanoseconds > 0, meter.endsAt <= worker.now {
            endByLimit(.ruleLifetime, &worker)
            return false
        }
        for direction in Direction.allCases
        where duplex[direction].phase == .paused && meter[direction].resumeAt <= worker.now {
            guard meter[direction].granted > 0 else {
                // There was nothing left for it; the poll asks again.
                take(duplex[direction].mustLookAgain(), direction, &worker)
                continue
            }
            noteActivity(direction, worker)
            take(duplex[direction].mayGoOn(), direction, &worker)
            guard state == .relaying else { return false }
        }
        return state == .relaying
    }
}

internal import Kernel
internal import Policy
internal import Relay

/// A worker's part in the limits of rules.
///
/// Bytes are allowed before they are read. What a worker has taken of a line of the allowances and
/// not used yet is its credit, from which it allows further reads without asking anybody: a line is
/// met once for each quantum, be it ever so many messages.
struct Limiter: ~Copyable {
    /// What this worker knows of one line, for one direction.
    private struct Share: BitwiseCopyable {
        /// Bytes in a second; 0 is no limit.
        var perSecond: UInt64
        /// Bytes that have been taken and are not used yet.
        var credit: UInt64
    }

    /// Bytes that may be read, and when.
    struct Grant {
        var count: UInt64
        var from: Instant
    }

    private let allowances: Allowances?
    /// Two for each line.
    private let shares: Table<Share>
    /// One for each tunnel; in use where its rule has limits.
    let meters: Table<Meter>
    /// The limits of each rule, and its line; 0 if it has none.
    private var rules: [(limits: RuleLimits, line: Allowances.Number)] = []
    /// The limits of each user, by the rule's line.
    private var ofUsers: [Allowances.Number: SharedLimits] = [:]
    /// Whether any of them has some.
    private(set) var haveLimits = false

    /// The part of a worker with `slots` tunnels in `allowances`; nil if no rule can have limits.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init(_ allowances: Allowances?, slots: Int) throws(SystemError) {
        let lines = allowances == nil ? 0 : Allowances.lineCount
        let shares = try Table<Share>(zeroed: 2 * lines)
        let meters = try Table<Meter>(zeroed: allowances == nil ? 0 : slots)
        self.allowances = allowances
        self.shares = shares
        self.meters = meters
    }

    /// From now on `rules` hold, whose lines have been prepared.
    ///
    /// Tunnels that are open keep the limits that they were opened with, but for rates, which
    /// belong to all tunnels of a rule; those of their users are for `renew`.
    mutating func adopt(_ rules: AccessRules) {
        guard let allowances else { return }
        // A rule that has no limits any more leaves its line to the tunnels that are open.
        for rule in self.rules where rule.line > 0 { setRates(rule.line, SharedLimits()) }
        self.rules = rules.terms.indices.map { rule in
            let limits = rules.terms[rule].limits
            let line = limits.isEmpty ? 0 : allowances.line(ofRule: rules.names[rule])
            return (limits, line)
        }
        haveLimits = self.rules.contains { $0.line > 0 }
        ofUsers = [:]
        for rule in self.rules where rule.line > 0 {
            setRates(rule.line, rule.limits.all)
            ofUsers[rule.line] = rule.limits.perUser
        }
    }

    /// There are new rules: their rates hold for the user of `meter`.
    func renew(_ meter: Meter) {
        guard meter.user > 0 else { return }
        setRates(meter.user, ofUsers[meter.rule] ?? SharedLimits())
    }

    private func setRates(_ line: Allowances.Number, _ limits: SharedLimits) {
        shares[Limiter.share(line, .outbound)].perSecond = limits.upPerSecond
        shares[Limiter.share(line, .inbound)].perSecond = limits.downPerSecond
    }

    private static func share(_ line: Allowances.Number, _ direction: Direction) -> Int {
        2 * Int(line) + Int(direction.rawValue)
    }

    // MARK: Tunnels

    /// The limits of `rule`; nil if it has none.
    func limits(of rule: Int) -> RuleLimits? {
        guard rule < rules.count, rules[rule].line > 0 else { return nil }
        return rules[rule].limits
    }

    /// Whether a tunnel with `meter` is counted by `rule`.
    func counts(_ meter: Meter, by rule: Int) -> Bool {
        rule < rules.count && meter.rule == rules[rule].line
    }

    /// Counts the tunnel in `slot`, of `user`, by `rule`, which has limits; it has a meter then,
    /// unless it is denied.
    ///
    /// The user comes first: whoever is over his own limits uses up nothing of everybody's.
    func admit(
        _ slot: UInt32,
        _ user: Extent?,
        by rule: Int,
        _ now: Instant
    ) -> (denial: Allowances.Denial, isOfUser: Bool)? {
        guard let allowances else { return nil }
        let (limits, line) = rules[rule]
        var meter = Meter(rule: line, user: 0)
        if let user, !limits.perUser.isEmpty {
            switch allowances.admit(user, by: line, limits.perUser, now) {
            case .failure(let denial): return (denial, true)
            case .success(let own):
                meter.user = own
                setRates(own, limits.perUser)
            }
        }
        if let denial = allowances.admit(line, limits.all, now) {
            if meter.user > 0 { allowances.withdraw(meter.user, limits.perUser) }
            return (denial, false)
        }
        meters[Int(slot)] = meter
        return nil
    }

    /// The tunnel in `slot`, which has a meter, is no more, or is another rule's.
    func release(_ slot: UInt32) {
        for direction in Direction.allCases { giveBack(slot, direction, used: 0) }
        release(meters[Int(slot)])
    }

    /// A tunnel that had `meter` has it no more, and nothing granted by it.
    func release(_ meter: Meter) {
        guard let allowances else { return }
        allowances.release(meter.rule)
        if meter.user > 0 { allowances.release(meter.user) }
    }

    // MARK: Bytes

    /// Whether the bytes of the tunnel in `slot`, which has a meter, are looked at.
    func measures(_ slot: UInt32) -> Bool {
        let meter = meters[Int(slot)]
        if meter.bytesMax > 0 { return true }
        return Direction.allCases.contains { direction in
            shares[Limiter.share(meter.rule, direction)].perSecond > 0
                || shares[Limiter.share(meter.user, direction)].perSecond > 0
        }
    }

    /// Allows the flow of `direction` up to `wanted` bytes, by both of its lines: how many, and
    /// when.
    func grant(_ slot: UInt32, _ direction: Direction, _ wanted: UInt64, _ now: Instant) -> Grant {
        let meter = meters[Int(slot)]
        let first = draw(meter.rule, direction, wanted, now)
        let second = draw(meter.user, direction, first.count, now)
        let count = min(first.count, second.count)
        refund(first.count - count, meter.rule, direction)
        meters[Int(slot)][direction].granted = UInt32(count)
        return Grant(count: count, from: max(first.from, second.from))
    }

    /// The flow of `direction` has read `used` bytes; what it was allowed besides is for others.
    func giveBack(_ slot: UInt32, _ direction: Direction, used: UInt64) {
        let meter = meters[Int(slot)]
        let granted = UInt64(meter[direction].granted)
        guard granted > 0 else { return }
        precondition(used <= granted, "a flow has read more than it was allowed")
        meters[Int(slot)][direction].granted = 0
        refund(granted - used, meter.rule, direction)
        refund(granted - used, meter.user, direction)
    }

    /// Takes `count` bytes that have been read already.
    func charge(_ slot: UInt32, _ direction: Direction, _ count: UInt64, _ now: Instant) {
        let meter = meters[Int(slot)]
        for line in [meter.rule, meter.user] where line > 0 {
            guard let rate = rate(line, direction) else { continue }
            _ = take(count, line, direction, rate, now, patience: .max)
        }
    }

    private func rate(_ line: Allowances.Number, _ direction: Direction) -> Rate? {
        guard line > 0 else { return nil }
        let perSecond = shares[Limiter.share(line, direction)].perSecond
        return perSecond > 0 ? Rate(bytesPerSecond: perSecond) : nil
    }

    /// Takes up to `wanted` bytes of `line`: out of the credit if there is some, else with all
    /// others who wait, in turn.
    private func draw(
        _ line: Allowances.Number,
        _ direction: Direction,
        _ wanted: UInt64,
        _ now: Instant
    ) -> Grant {
        guard let rate = rate(line, direction) else { return Grant(count: wanted, from: now) }
        let share = Limiter.share(line, direction)
        let quantum = rate.quantum(whileOthersWait: false)
        if shares[share].credit < min(wanted, quantum),
            take(quantum, line, direction, rate, now, patience: 0) != nil
        {
            shares[share].credit += quantum
        }
        // A few bytes aren't worth a read of their own.
        guard shares[share].credit < min(wanted, quantum / 8) else {
            let count = min(wanted, shares[share].credit)
            shares[share].credit -= count
            return Grant(count: count, from: now)
        }
        let isBehind = isBehind(line, direction, rate, now)
        let count = min(wanted, rate.quantum(whileOthersWait: isBehind))
        let moment = take(count, line, direction, rate, now, patience: .max)
        return Grant(count: count, from: moment ?? now)
    }

    /// What isn't used is credit; but nobody saves up more than a little, and the rest goes back.
    private func refund(_ count: UInt64, _ line: Allowances.Number, _ direction: Direction) {
        guard count > 0, let rate = rate(line, direction) else { return }
        let share = Limiter.share(line, direction)
        let credit = shares[share].credit + count
        let most = 2 * rate.quantum(whileOthersWait: false)
        shares[share].credit = min(credit, most)
        guard credit > most else { return }
        allowances?.giveBack(credit - most, to: line, Limiter.cell(direction), rate)
    }

    /// When all is paid that was allowed by the lines of the tunnel in `slot`, which has a meter.
    func paid(_ slot: UInt32, _ direction: Direction) -> Instant {
        let meter = meters[Int(slot)]
        return max(paid(line: meter.rule, direction), paid(line: meter.user, direction))
    }

    private func paid(line: Allowances.Number, _ direction: Direction) -> Instant {
        guard let allowances, rate(line, direction) != nil else { return Instant(nanoseconds: 0) }
        return allowances.paid(line, Limiter.cell(direction))
    }

    private func isBehind(
        _ line: Allowances.Number,
        _ direction: Direction,
        _ rate: Rate,
        _ now: Instant
    ) -> Bool {
        allowances?.isBehind(line, Limiter.cell(direction), rate, now) ?? false
    }

    private func take(
        _ count: UInt64,
        _ line: Allowances.Number,
        _ direction: Direction,
        _ rate: Rate,
        _ now: Instant,
        patience: UInt64
    ) -> Instant? {
        allowances?.take(count, of: line, Limiter.cell(direction), rate, now, patience: patience)
    }

    private static func cell(_ direction: Direction) -> Allowances.Cell {
        direction == .outbound ? .up : .down
    }
}

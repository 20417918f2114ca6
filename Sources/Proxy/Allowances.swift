internal import Kernel
internal import Policy
internal import Synchronization

/// What all workers know of the limits of rules: how many tunnels there are, and what has gone.
///
/// Each rule with limits, and each user of one that limits its users, has a line of numbers, which
/// stays the same when rules are read again. Looking up whose line it is takes a lock, and is done
/// only where rules are taken over, or a tunnel is opened whose rule limits its users. Relaying
/// takes none: a worker draws on a line seldom, and in large pieces.
final class Allowances: Sendable {
    /// The number of a line; 0 is none.
    typealias Number = UInt32

    /// The numbers of a line.
    enum Cell: Int {
        case tunnels
        /// When the debt will be paid of tunnels that were opened, and of bytes up and down.
        case opened, up, down
    }

    private static var usersMax: Int { 1 << 17 }
    /// Lines of rules come first, then those of users.
    static var lineCount: Int { 1 + RuleLimits.rulesMax + usersMax }

    /// A user's line, and that of the rule.
    private struct UserLine {
        let own: Number
        let rule: Number
    }

    private struct State {
        var rules: [String: Number] = [:]
        /// What the rules of these lines say, as they were read last.
        var limits: [Number: RuleLimits] = [:]
        /// Lines of rules that are no more, with those that were the time before.
        var retired: [String: Number] = [:]
        var freeRules: [Number] = []
        var rulesMade: Number = 0
        var users: [Tag: UserLine] = [:]
        var freeUsers: [Number] = []
        var usersMade: Number = 0
    }

    private let lines: AtomicLines
    private let state = Mutex(State())
    private let keys = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

    /// Allowances of which nothing is used.
    ///
    /// - Throws: `SystemError` of mmap(2).
    init() throws(SystemError) { lines = try AtomicLines(count: Allowances.lineCount) }

    // MARK: Lines

    /// Gives each of `rules` that has limits a line, unless it has one by its name, and takes those
    /// back that aren't needed any more; what the others owe `now`, they owe at their new rates.
    ///
    /// - Throws: `StartError` if there are too many.
    func prepare(for rules: AccessRules, _ now: Instant) throws(StartError) {
        let limited = rules.names.indices.filter { !rules.terms[$0].limits.isEmpty }
        let names = limited.map { rules.names[$0] }
        let fits = state.withLock { state in
            for name in names where state.rules[name] == nil {
                state.rules[name] = state.retired.removeValue(forKey: name)
            }
            // A worker may still be at the rules of before, but hardly at those before them.
            for (name, line) in state.retired where !isUsed(line) {
                clear(line)
                state.freeRules.append(line)
                state.retired[name] = nil
            }
            let wanted = Set(names)
            for (name, line) in state.rules where !wanted.contains(name) {
                state.rules[name] = nil
                state.retired[name] = line
            }
            for name in names where state.rules[name] == nil {
                guard let line = Allowances.makeRule(&state) else { return false }
                state.rules[name] = line
            }
            var limits: [Number: RuleLimits] = [:]
            for rule in limited {
                if let line = state.rules[rules.names[rule]] {
                    limits[line] = rules.terms[rule].limits
                }
            }
            renew(&state, limits, now)
            return true
        }
        guard fits else {
            // Those that are no more count while they have tunnels.
            throw StartError("--policy: at most \(RuleLimits.rulesMax) rules can have limits")
        }
    }

    /// From now on the rules of lines say `limits`.
    private func renew(_ state: inout State, _ limits: [Number: RuleLimits], _ now: Instant) {
        let changed = state.limits.filter { limits[$0.key] != $0.value }
        state.limits = limits
        guard !changed.isEmpty else { return }
        for (line, old) in changed {
            convert(line, old.all, limits[line]?.all ?? SharedLimits(), now)
        }
        for user in state.users.values {
            guard let old = changed[user.rule] else { continue }
            convert(user.own, old.perUser, limits[user.rule]?.perUser ?? SharedLimits(), now)
        }
    }

    /// Debts are moments: those of `line`, made at the rates of `old`, become what they are at
    /// those of `new`.
    private func convert(
        _ line: Number,
        _ old: SharedLimits,
        _ new: SharedLimits,
        _ now: Instant
    ) {
        let rates: [(Cell, UInt64, UInt64)] = [
            (.up, old.upPerSecond, new.upPerSecond), (.down, old.downPerSecond, new.downPerSecond),
        ]
        for (cell, old, new) in rates where old != new && old > 0 {
            change(line, cell) { debt in
                guard new > 0 else { return 0 }
                let before = Rate(bytesPerSecond: old)
                return Rate(bytesPerSecond: new).debt(debt, madeAt: before, at: now.nanoseconds)
            }
        }
    }

    /// The line of the rule of this name; 0 if it has none.
    func line(ofRule name: String) -> Number { state.withLock { $0.rules[name] ?? 0 } }

    private static func makeRule(_ state: inout State) -> Number? {
        if let line = state.freeRules.popLast() { return line }
        guard state.rulesMade < RuleLimits.rulesMax else { return nil }
        state.rulesMade += 1
        return state.rulesMade
    }

    private func isUsed(_ line: Number) -> Bool { lines.read(Int(line), Cell.tunnels.rawValue) > 0 }

    private func clear(_ line: Number) {
        for cell in 0..<8 { lines.set(Int(line), cell, 0) }
    }

    /// Tunnels that are counted at present, each by its rule.
    var tunnelCount: UInt64 {
        let made = state.withLock { $0.rulesMade }
        return (0...made).reduce(0) { $0 + lines.read(Int($1), Cell.tunnels.rawValue) }
    }

    // MARK: Users

    /// Counts a new tunnel of `user` by the rule of `line`, as `admit` does; the user's own line.
    func admit(
        _ user: Extent,
        by line: Number,
        _ limits: SharedLimits,
        _ now: Instant
    ) -> Result<Number, Denial> {
        let tag = Tag(user, salt: UInt64(line), keys)
        return state.withLock { state in
            guard let own = state.users[tag]?.own ?? makeUser(&state, now) else {
                return .failure(.full)
            }
            state.users[tag] = UserLine(own: own, rule: line)
            return admit(own, limits, now).map { .failure($0) } ?? .success(own)
        }
    }

    private func makeUser(_ state: inout State, _ now: Instant) -> Number? {
        if state.freeUsers.isEmpty, state.usersMade == Allowances.usersMax {
            state.users = state.users.filter { _, user in
                guard isAtRest(user.own, now) else { return true }
                clear(user.own)
                state.freeUsers.append(user.own)
                return false
            }
        }
        if let line = state.freeUsers.popLast() { return line }
        guard state.usersMade < Allowances.usersMax else { return nil }
        state.usersMade += 1
        return Number(RuleLimits.rulesMax) + state.usersMade
    }

    /// Whether `line` says nothing that matters after `now`.
    private func isAtRest(_ line: Number, _ now: Instant) -> Bool {
        let debts: [Cell] = [.opened, .up, .down]
        return !isUsed(line)
            && debts.allSatisfy { lines.read(Int(line), $0.rawValue) <= now.nanoseconds }
    }

    // MARK: Tunnels

    /// Why a tunnel is refused.
    enum Denial: Error {
        /// There are as many as may be.
        case tunnels
        /// Too many were opened of late.
        case rate
        /// Nobody can say: more users are limited than there are lines.
        case full
    }

    /// Counts a new tunnel at `line`; if it is denied, nothing is counted.
    func admit(_ line: Number, _ limits: SharedLimits, _ now: Instant) -> Denial? {
        let count = lines.add(Int(line), Cell.tunnels.rawValue, 1)
        if limits.tunnels > 0, count > limits.tunnels {
            release(line)
            return .tunnels
        }
        guard limits.newPerSecond > 0 else { return nil }
        let rate = Rate(tunnelsPerSecond: limits.newPerSecond)
        if take(1, of: line, .opened, rate, now, patience: 0) != nil { return nil }
        release(line)
        return .rate
    }

    /// A tunnel that was counted at `line` has ended.
    func release(_ line: Number) { lines.add(Int(line), Cell.tunnels.rawValue, .max) }

    /// A tunnel that was just counted at `line` by `limits` isn't to be: as if it had never come.
    func withdraw(_ line: Number, _ limits: SharedLimits) {
        release(line)
        guard limits.newPerSecond > 0 else { return }
        giveBack(1, to: line, .opened, Rate(tunnelsPerSecond: limits.newPerSecond))
    }

    // MARK: Debts

    /// Takes `count` of `line`: when they may go.
    ///
    /// Nil, and nothing is taken, if that would be more than `patience` nanoseconds after `now`.
    func take(
        _ count: UInt64,
        of line: Number,
        _ cell: Cell,
        _ rate: Rate,
        _ now: Instant,
        patience: UInt64
    ) -> Instant? {
        let debt = change(line, cell) { old in
            let new = rate.debt(old, taking: count, at: now.nanoseconds)
            return new <= now.nanoseconds || new - now.nanoseconds <= patience ? new : nil
        }
        return debt.map { Instant(nanoseconds: $0) }
    }

    /// Gives `count` back that were taken of `line` and haven't gone.
    func giveBack(_ count: UInt64, to line: Number, _ cell: Cell, _ rate: Rate) {
        change(line, cell) { rate.debt($0, returning: count) }
    }

    /// Makes of a debt what `body` does, and returns that; nil, and nothing is changed, if `body`
    /// refuses.
    @discardableResult
    private func change(_ line: Number, _ cell: Cell, _ body: (UInt64) -> UInt64?) -> UInt64? {
        while true {
            let old = lines.read(Int(line), cell.rawValue)
            guard let new = body(old) else { return nil }
            if lines.exchange(Int(line), cell.rawValue, old, for: new) { return new }
        }
    }

    /// When all that has been taken of `line` is paid.
    func paid(_ line: Number, _ cell: Cell) -> Instant {
        Instant(nanoseconds: lines.read(Int(line), cell.rawValue))
    }

    /// Whether others wait for what `line` allows.
    func isBehind(_ line: Number, _ cell: Cell, _ rate: Rate, _ now: Instant) -> Bool {
        rate.isBehind(lines.read(Int(line), cell.rawValue), at: now.nanoseconds)
    }
}

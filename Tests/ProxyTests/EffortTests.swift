import Kernel
import Proxy
import Testing

@Suite struct EffortTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    /// A worker that has wanted `permille` of a CPU for so many looks, with `tunnels` busy ones.
    private func busy(_ permille: UInt64, tunnels: Int = 100, looks: UInt64 = 20) -> Effort {
        var effort = Effort(start, wanted: 0)
        for look in 1...looks {
            let time = look * Effort.span
            effort.look(start + time, wanted: time * permille / 1000, busy: tunnels, of: tunnels)
        }
        return effort
    }

    private func other(_ share: Int, _ busy: Int, _ worker: Int = 1) -> Effort.Other {
        Effort.Other(worker, Effort.Work(share: share, busy: busy, tunnels: busy))
    }

    @Test func `its share follows what it has wanted of late`() {
        var effort = busy(800)
        #expect((795...800).contains(effort.work.share))
        let end = start + 20 * Effort.span
        effort.look(end + Effort.span, wanted: 16 * Effort.span, busy: 0, of: 0)
        #expect((595...600).contains(effort.work.share))
        // What was long ago says nothing.
        effort.look(end + 100 * Effort.span, wanted: 16 * Effort.span, busy: 0, of: 0)
        #expect(effort.work.share == 0)
    }

    /// How many tunnels each of so many looks says to move to another worker.
    private func looks(_ count: Int, _ effort: inout Effort, _ others: Effort.Other...) -> [Int?] {
        (0..<count).map { _ in effort.surplus { others.forEach($0) }?.count }
    }

    @Test func `another with much less to do counts only once that has lasted`() {
        var effort = busy(800)
        #expect(looks(12, &effort, other(380, 100)).firstIndex(of: 26) == 11)
        #expect(looks(20, &effort, other(450, 100)).allSatisfy { $0 == nil })
        #expect(looks(11, &effort, other(0, 100)).allSatisfy { $0 == nil })
        #expect(looks(1, &effort, other(700, 100)) == [nil])
        #expect(looks(12, &effort, other(0, 100)).firstIndex(of: 50) == 11)
    }

    @Test func `what was moved has to show before more is`() {
        var effort = busy(800)
        #expect(looks(12, &effort, other(0, 100)).last == 50)
        effort.didMove()
        #expect(looks(9, &effort, other(0, 100)).firstIndex(of: 50) == 8)
        effort.didMove()
        #expect(looks(1, &effort, other(700, 100)) == [nil])
        #expect(looks(12, &effort, other(0, 100)).firstIndex(of: 50) == 11)
    }

    @Test func `that no tunnel is known to be busy at a look makes no doubt of who rests`() {
        var effort = busy(800)
        #expect(looks(11, &effort, other(0, 0)).allSatisfy { $0 == nil })
        let end = start + 21 * Effort.span
        effort.look(end, wanted: 21 * Effort.span * 8 / 10, busy: 0, of: 100)
        #expect(looks(1, &effort, other(0, 0)) == [nil])
        effort.look(end + Effort.span, wanted: 22 * Effort.span * 8 / 10, busy: 40, of: 100)
        #expect(looks(1, &effort, other(0, 0)) == [20])
    }

    @Test(arguments: [
        (100, 500, 86, 7), (100, 500, 90, nil), (100, 700, 50, 25), (968, 500, 32, 468),
        // Clearly more to do, with however few.
        (100, 760, 2, nil),
        // Few.
        (5, 500, 3, nil), (5, 500, 2, 1), (3, 500, 0, 1), (2, 500, 0, nil),
    ])
    func `another with far fewer busy ones gets some once that has lasted`(
        tunnels: Int,
        share: Int,
        others: Int,
        moved: Int?
    ) {
        var effort = busy(505, tunnels: tunnels)
        let found = looks(12, &effort, other(share, others))
        #expect(found.prefix(11).allSatisfy { $0 == nil })
        #expect(found.last == .some(moved))
    }

    @Test func `idle tunnels count as well until there is as much to do as can be done`() {
        let resting = Effort.Other(1, Effort.Work(share: 500, busy: 32, tunnels: 500))
        var effort = busy(600, tunnels: 500)
        #expect(looks(20, &effort, resting).allSatisfy { $0 == nil })
        effort = busy(900, tunnels: 500)
        #expect(looks(12, &effort, resting).last == 234)
    }

    @Test(arguments: [(2, 3, 1), (7, 8, 1), (100, 8, 12), (1, 8, nil)])
    func `among many workers one that rests gets its part, and one at least`(
        tunnels: Int,
        workers: Int,
        moved: Int?
    ) {
        var effort = busy(1000, tunnels: tunnels)
        let idle = (1..<workers).map { other(0, 0, $0) }
        let found = (0..<12).map { _ in effort.surplus { idle.forEach($0) }?.count }
        #expect(found.last == .some(moved))
    }

    @Test func `it looks at all others and gives one its part`() {
        var effort = busy(790)
        let (idle, empty) = (other(300, 90, 2), other(760, 10, 3))
        let ask = { (effort: inout Effort, others: [Effort.Other]) in
            (0..<12).map { _ in effort.surplus { others.forEach($0) } }.last ?? nil
        }
        #expect(ask(&effort, [empty, idle])?.worker == 2)
        #expect(ask(&effort, [empty, idle])?.count == 20)
        effort = busy(790)
        #expect(ask(&effort, [other(760, 40), empty, other(760, 50)])?.worker == 3)
        #expect(ask(&effort, [other(760, 40), empty, other(760, 50)])?.count == 22)
        // One that has more in all, or more to do, is passed over.
        let full = Effort.Other(4, Effort.Work(share: 760, busy: 0, tunnels: 1000))
        effort = busy(700)
        #expect(ask(&effort, [full, other(960, 0, 5), other(700, 20, 6)])?.worker == 6)
        #expect(ask(&effort, []) == nil)
    }

    private func allowance(_ effort: Effort, _ share: Int, _ busy: Int, of tunnels: Int) -> Int {
        effort.allowance(for: Effort.Work(share: share, busy: busy, tunnels: tunnels))
    }

    @Test func `who has more to do, or more of them, isn't given even what is its own`() {
        let effort = busy(500, tunnels: 1000)
        let share = effort.work.share
        #expect(allowance(effort, share + 51, 0, of: 0) == 0)
        #expect(allowance(effort, share + 50, 0, of: 0) == 1)
        #expect((48...52).contains(allowance(effort, share, 0, of: 0)))
        #expect((500...515).contains(allowance(effort, 0, 0, of: 0)))
        for (busy, tunnels) in [(1000, 1000), (1000, 0), (0, 1000)] {
            #expect(allowance(effort, 0, busy, of: tunnels) == 25)
        }
        for (busy, tunnels) in [(1052, 1000), (1000, 1052), (0, 1052)] {
            #expect(allowance(effort, 0, busy, of: tunnels) == 0)
        }
    }

    @Test(arguments: [(8, 0, 4), (2, 0, 1), (1, 0, nil), (3, 380, nil), (100, 380, 26)])
    func `who gets tunnels has no more to do than who gives them`(
        tunnels: Int,
        share: Int,
        moved: Int?
    ) {
        var effort = busy(800, tunnels: tunnels)
        #expect(looks(12, &effort, other(share, tunnels)).last == .some(moved))
        let each = effort.work.share / tunnels
        let moving = (moved ?? 0) * each
        #expect(share + moving <= effort.work.share - moving)
    }
}

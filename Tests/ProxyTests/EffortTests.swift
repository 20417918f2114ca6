import Kernel
import Proxy
import Testing

@Suite struct EffortTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    /// A worker that has used `permille` of its CPU for so many looks.
    private func busy(_ permille: UInt64, looks: UInt64 = 20) -> Effort {
        var effort = Effort(start, used: 0)
        for look in 1...looks {
            let time = look * Effort.span
            effort.look(start + time, used: time * permille / 1000)
        }
        return effort
    }

    @Test func `its share follows what it has used of late`() {
        var effort = busy(800)
        #expect((795...800).contains(effort.share))
        let end = start + 20 * Effort.span
        effort.look(end + Effort.span, used: 16 * Effort.span)
        #expect((395...400).contains(effort.share))
        // What was long ago says nothing.
        effort.look(end + 100 * Effort.span, used: 16 * Effort.span)
        #expect(effort.share == 0)
    }

    /// What each of so many looks says of a worker that uses `other` permille.
    private func looks(_ count: Int, _ effort: inout Effort, of other: Int) -> [Bool] {
        (0..<count).map { _ in effort.isAhead(of: other) }
    }

    @Test func `another with much less to do counts only once that has lasted`() {
        var effort = busy(800)
        #expect(looks(4, &effort, of: 500) == [false, false, false, true])
        #expect(looks(4, &effort, of: 600) == [false, false, false, false])
        #expect(looks(1, &effort, of: 0) + looks(1, &effort, of: 700) == [false, false])
        #expect(looks(4, &effort, of: 0) == [false, false, false, true])
    }

    @Test func `what was moved has to show before more is`() {
        var effort = busy(800)
        #expect(looks(4, &effort, of: 0).last == true)
        effort.didMove()
        #expect(looks(12, &effort, of: 0).firstIndex(of: true) == 11)
    }

    @Test func `who has clearly more to do isn't given even what is its own`() {
        let effort = busy(500)
        #expect(effort.allowance(of: 100, for: effort.share + 51) == 0)
        #expect(effort.allowance(of: 100, for: effort.share + 50) == 1)
        #expect((4...6).contains(effort.allowance(of: 100, for: effort.share)))
        #expect((50...60).contains(effort.allowance(of: 100, for: 0)))
    }

    @Test(arguments: [(8, 0, 4), (2, 0, 1), (1, 0, 0), (3, 400, 0), (100, 400, 24), (9, 600, 1)])
    func `who gets tunnels has no more to do than who gives them`(
        tunnels: Int,
        other: Int,
        moved: Int
    ) {
        let effort = busy(800)
        #expect(effort.surplus(of: tunnels, over: other) == moved)
        let each = effort.share / tunnels
        #expect(other + moved * each <= effort.share - moved * each)
    }
}

import Proxy
import Testing

@Suite struct PaceTests {
    /// A turn with so many completions, of which some belong to openings.
    private func turn(_ pace: inout Pace, _ count: Int, openings: Int = 0) {
        pace.beginTurn()
        for number in 0..<count { pace.handle(opening: number < openings) }
    }

    @Test func `a lone message isn't waited for in company`() {
        var pace = Pace()
        for _ in 0..<3 { turn(&pace, 1) }
        #expect(pace.wanted == 1)
    }

    @Test func `after a full turn half as much is waited for, for a short while`() {
        var pace = Pace()
        turn(&pace, 100)
        #expect(pace.wanted == 50)
        #expect(pace.gatherMicroseconds == 50)
    }

    @Test func `a turn is busy if the one before it was full`() {
        var pace = Pace()
        for (count, isBusy) in [(1, false), (7, false), (8, false), (1, true), (1, false)] {
            turn(&pace, count)
            #expect(pace.isBusy == isBusy)
        }
        turn(&pace, 7)
        #expect(pace.wanted == 1)
    }

    @Test func `while tunnels are opened fast, more is waited for, and for longer`() {
        var pace = Pace()
        for _ in 0..<20 { turn(&pace, 20, openings: 20) }
        #expect(pace.wanted > 20)
        #expect(pace.gatherMicroseconds == 200)
    }

    @Test func `clients that have come and say nothing are soon forgotten`() {
        var pace = Pace()
        turn(&pace, 2000, openings: 2000)
        var turns = 0
        while pace.wanted > 1 {
            turn(&pace, 1)
            turns += 1
            #expect(turns < 30)
        }
        #expect(pace.gatherMicroseconds == 50)
    }
}

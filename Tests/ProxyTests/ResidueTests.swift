import Kernel
import Proxy
import Testing

@Suite struct ResidueTests {
    private static func second(_ number: UInt64) -> Instant {
        Instant(nanoseconds: number * Residue.interval)
    }

    /// All that may go back at `now`.
    private func look(_ residue: inout Residue, _ now: Instant) -> [Int] {
        var found: [Int] = []
        while let index = residue.next(by: now) { found.append(index) }
        return found
    }

    @Test func `what has lain idle from one look to the next goes back, but for the floor`() throws
    {
        var residue = try Residue(count: 8, keeping: 2)
        for index in 0..<5 { residue.use(index) }
        #expect(residue.wake == nil)
        for index in 0..<5 { residue.release(index) }
        #expect(residue.wake != nil)
        #expect(look(&residue, Self.second(1)) == [])
        #expect(look(&residue, Self.second(1)) == [], "the next look isn't due yet")
        #expect(residue.wake == Self.second(2))
        #expect(look(&residue, Self.second(2)) == [0, 1, 2])
        #expect(residue.wake == nil)
        #expect(look(&residue, Self.second(3)) == [])
    }

    @Test func `what is in use, or was lately, stays`() throws {
        var residue = try Residue(count: 4, keeping: 0)
        for index in 0..<4 { residue.use(index) }
        for index in 1..<4 { residue.release(index) }
        #expect(look(&residue, Self.second(1)) == [])
        residue.use(2)
        residue.release(2)
        residue.use(3)
        #expect(look(&residue, Self.second(2)) == [1])
        #expect(look(&residue, Self.second(3)) == [2])
        #expect(residue.wake == nil)
        residue.release(3)
        residue.release(0)
        #expect(look(&residue, Self.second(4)) == [])
        #expect(look(&residue, Self.second(5)) == [0, 3])
    }
}

import Relay
import Testing

@Suite struct DuplexTests {
    private let rules = FlowRules(way: .auto, largeSize: 1000, promoteAfter: 3)

    private func started() -> Duplex {
        var duplex = Duplex()
        _ = duplex.outbound.start(rules)
        _ = duplex.inbound.start(rules)
        return duplex
    }

    @Test(arguments: Direction.allCases)
    func `one end makes a tunnel half-closed, both make it closed`(_ first: Direction) {
        var duplex = started()
        #expect(!duplex.isHalfClosed)
        _ = duplex[first].sourceEnded()
        #expect(duplex.isHalfClosed)
        #expect(!duplex.isClosed)
        _ = duplex[first.reverse].sourceEnded()
        #expect(!duplex.isHalfClosed)
        #expect(duplex.isClosed)
    }

    @Test func `a side that has had its FIN is not reset`() {
        var duplex = started()
        #expect(duplex.resets(.client))
        #expect(duplex.resets(.upstream))
        _ = duplex.inbound.sourceEnded()
        #expect(!duplex.resets(.client))
        #expect(duplex.resets(.upstream))
    }

    @Test func `a tunnel with bytes on their way is not quiet`() {
        var duplex = started()
        #expect(duplex.isQuiet)
        _ = duplex.inbound.received(5, rules)
        #expect(!duplex.isQuiet)
        _ = duplex.inbound.sent(5)
        #expect(duplex.isQuiet)
    }
}

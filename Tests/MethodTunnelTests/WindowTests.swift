import MethodTunnel
import Testing

/// Both ends of a session, and streams of which some stand still.
@Suite struct WindowTests {
    /// The two ends, with nothing between them.
    private struct Pair {
        let client: End
        let server: End

        init() {
            var terms = SessionTerms()
            terms.slots = 24
            terms.sessionWindow = 262_144
            terms.peerSessionWindow = 262_144
            terms.laneCapacity = 1 << 20
            terms.peerLaneCapacity = 1 << 20
            client = End(.client, terms, blockCount: 24 * 17)
            server = End(.server, terms, blockCount: 24 * 17)
        }

        /// Opens a stream; its slot.
        func open() throws -> Int {
            let number = try #require(client.beginOpening())
            try server.open(number)
            client.session.wasOpened(number)
            return number.slot
        }

        /// Passes on all that `source` has for `sink`, and the other way round.
        func exchange(_ source: End, _ sink: End) throws {
            for (from, to) in [(source, sink), (sink, source)] {
                from.fill(0)
                let start = from.session.outlets[0].acknowledged
                let bytes = from.bytes(0, from: start, countMax: 1 << 20)
                #expect(try to.take(0, bytes, from: 0))
                try from.session.acknowledge(0, from.session.outlets[0].end)
            }
        }
    }

    @Test(arguments: [Session.Role.client, .server], [1, 4, 20])
    func `streams that stand still leave others a part of the window`(
        _ role: Session.Role,
        _ count: Int
    ) throws {
        let pair = Pair()
        let (source, sink) =
            role == .client ? (pair.client, pair.server) : (pair.server, pair.client)
        for _ in 0..<count {
            let slot = try pair.open()
            source.session.offer(slot, 1 << 20)
        }
        for _ in 0..<3 { try pair.exchange(source, sink) }
        let slots = [try pair.open(), try pair.open()]
        var left = [Int](repeating: 1 << 19, count: slots.count)
        var rounds = 0
        while left.contains(where: { $0 > 0 }), rounds < 2000 {
            let before = slots.map { source.session[$0].sent }
            for (index, slot) in slots.enumerated() { source.session.offer(slot, left[index]) }
            try pair.exchange(source, sink)
            for (index, slot) in slots.enumerated() {
                left[index] -= Int(source.session[slot].sent - before[index])
                _ = sink.readAll(slot)
            }
            rounds += 1
        }
        #expect(left == [0, 0], "after \(rounds) rounds")
    }

    @Test func `a stream alone has all of its window`() throws {
        let pair = Pair()
        let slot = try pair.open()
        pair.client.session.offer(slot, 1 << 20)
        pair.client.fill(0)
        #expect(pair.client.session[slot].sent == 65536)
    }
}

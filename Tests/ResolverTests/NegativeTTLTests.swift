import Testing

import Resolver

@Suite struct NegativeTTLTests {
    private func question(_ code: UInt8 = Message.noSuchName) throws -> Question {
        let head: [UInt8] = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        let bytes = head + name("www.example") + big(28 as UInt16) + big(1 as UInt16)
        return try #require(Question(bytes, isTCP: false))
    }

    private func seconds(_ bytes: [UInt8]) -> UInt32? {
        NegativeTTL.seconds(in: bytes.span)
    }

    @Test(arguments: [(30, 60, 30), (60, 30, 30), (0, 5, 0)] as [(UInt32, UInt32, UInt32)])
    func `the lesser of TTL and MINIMUM counts`(
        ttl: UInt32,
        minimum: UInt32,
        expected: UInt32
    ) throws {
        let message = Message(authorities: [.authority(ttl: ttl, minimum: minimum)])
        #expect(seconds(message.bytes(for: try question())) == expected)
    }

    @Test(
        arguments: [([9], 9), ([90], 30), ([90, 5, 7], 5), ([20, 1 << 31], 0)]
            as [([UInt32], UInt32)]
    )
    func `the SOA is found behind aliases, of which the shortest time counts`(
        times: [UInt32],
        expected: UInt32
    ) throws {
        let message = Message(
            answers: times.map { .alias(to: "edge.example", ttl: $0) },
            authorities: [.authority(ttl: 30, minimum: 40)]
        )
        #expect(seconds(message.bytes(for: try question())) == expected)
    }

    @Test func `a time with the top bit set counts as zero`() throws {
        let message = Message(authorities: [.authority(ttl: 1 << 31, minimum: 40)])
        #expect(seconds(message.bytes(for: try question())) == 0)
    }

    @Test func `without an SOA there is no time`() throws {
        #expect(seconds([]) == nil)
        #expect(seconds([UInt8](repeating: 0, count: 12)) == nil)
        #expect(seconds(Message().bytes(for: try question())) == nil)
    }

    @Test func `every beginning of a message ends the walk without a trap`() throws {
        let message = Message(
            answers: [.alias(to: "edge.example", ttl: 9)],
            authorities: [.authority(ttl: 30, minimum: 40)]
        )
        let bytes = message.bytes(for: try question())
        for count in 0..<bytes.count { #expect(seconds(Array(bytes.prefix(count))) == nil) }
    }

    @Test func `counts that promise more than there is end the walk`() throws {
        var bytes = Message().bytes(for: try question())
        for index in 4..<10 { bytes[index] = 0xff }
        #expect(seconds(bytes) == nil)
    }

    @Test func `pointers that lead to themselves are not followed`() {
        let head: [UInt8] = [0, 7, 0x81, 0x83, 0, 0, 0, 0, 0, 1, 0, 0]
        let data = [UInt8](repeating: 0xc0, count: 18) + big(40 as UInt32)
        let record: [UInt8] = [0xc0, 12] + big(6 as UInt16) + big(1 as UInt16) + big(30 as UInt32)
        #expect(seconds(head + record + big(UInt16(data.count)) + data) == 30)
        #expect(seconds(head + [0x80] + record) == nil)
        #expect(seconds(head + [0x40] + record) == nil)
    }

    @Test func `an SOA too short for its numbers is not believed`() {
        let head: [UInt8] = [0, 7, 0x81, 0x83, 0, 0, 0, 0, 0, 1, 0, 0]
        let record: [UInt8] = [0] + big(6 as UInt16) + big(1 as UInt16) + big(30 as UInt32)
        #expect(seconds(head + record + big(4 as UInt16) + big(40 as UInt32)) == nil)
    }

    @Test func `noise never traps`() {
        var generator = SplitMix(state: 7)
        for _ in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...80, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            // Small counts let the walk get further.
            for index in 4..<10 where index < bytes.count { bytes[index] &= index & 1 == 0 ? 0 : 3 }
            _ = seconds(bytes)
        }
    }
}

/// A small generator with a seed, so that a failure can be had again.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

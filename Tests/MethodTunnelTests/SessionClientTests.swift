import MethodTunnel
import Testing

/// A client's end of a session, and what a hostile server may try.
@Suite struct SessionClientTests {
    private static func client(_ change: (inout SessionTerms) -> Void = { _ in }) -> End {
        var terms = SessionTerms()
        terms.slots = 4
        change(&terms)
        return End(.client, terms, blockCount: 4 * 17)
    }

    private static func opened(_ end: End) throws -> StreamNumber {
        let number = try #require(end.beginOpening())
        end.session.wasOpened(number)
        return number
    }

    @Test func `a slot is free again when the server has done with its stream`() throws {
        let end = Self.client { $0.slots = 1 }
        let number = try Self.opened(end)
        #expect(number == StreamNumber(slot: 0, generation: 1))
        #expect(end.beginOpening() == nil)
        end.session.endOutgoing(0)
        #expect(try end.frames().map(\.kind) == [.end])
        #expect(end.violation(of: [.end(number, 0)]) == nil)
        end.session.finishIncoming(0)
        #expect(end.session[0].phase == .closing && end.beginOpening() == nil)
        #expect(end.violation(of: [.done(number), .done(number)]) == nil)
        #expect(end.beginOpening() == StreamNumber(slot: 0, generation: 2))
        #expect(end.violation(of: [.done(number)]) == nil, "one that comes late is ignored")
        #expect(end.session[0].phase == .opening)
    }

    @Test func `a slot is not free while bytes are under way that DONE has overtaken`() throws {
        let end = Self.client { $0.slots = 1 }
        let number = try Self.opened(end)
        end.session.endOutgoing(0)
        _ = try end.frames()
        #expect(end.violation(of: [.done(number)], on: 1) == nil)
        #expect(end.beginOpening() == nil)
        #expect(end.violation(of: [.data(number, 0, [1]), .end(number, 1)]) == nil)
        #expect(end.readAll(0) == [1])
        end.session.finishIncoming(0)
        #expect(end.beginOpening() == StreamNumber(slot: 0, generation: 2))
    }

    @Test func `a refused stream frees its slot`() throws {
        let end = Self.client { $0.slots = 1 }
        let number = try #require(end.beginOpening())
        end.session.wasRefused(number)
        end.session.wasRefused(number)
        end.session.wasOpened(number)
        #expect(end.beginOpening() == StreamNumber(slot: 0, generation: 2))
        #expect(end.beginOpening() == nil)
    }

    @Test func `a frame of a stream tells that it was opened`() throws {
        for frame in [
            RawFrame.data, { stream, _, _ in .window(stream, 1 << 20) },
            { stream, _, _ in .end(stream, 0) },
        ] as [(StreamNumber, UInt64, [UInt8]) -> RawFrame] {
            let end = Self.client()
            let number = try #require(end.beginOpening())
            #expect(end.violation(of: [frame(number, 0, [1])]) == nil)
            #expect(end.session[number.slot].phase == .open)
            #expect(end.nextTouched() == number.slot)
        }
    }

    @Test func `nothing is sent before it is known that the stream is open`() throws {
        let end = Self.client()
        let number = try #require(end.beginOpening())
        end.session.offer(number.slot, 10)
        #expect(try end.frames().isEmpty)
        end.session.wasOpened(number)
        #expect(try end.frames().map(\.count) == [10])
    }

    @Test func `a client keeps within the windows`() throws {
        let end = Self.client {
            $0.peerStreamWindow = 4096
            $0.peerSessionWindow = 5000
        }
        let one = try Self.opened(end)
        let other = try Self.opened(end)
        end.session.offer(one.slot, 10_000)
        end.session.offer(other.slot, 10_000)
        // The last quarter of the session's window isn't for one alone.
        #expect(try end.frames().map(\.count) == [3750, 139])
        #expect(end.violation(of: [.window(nil, 20_000)]) == nil)
        #expect(try end.frames().map(\.count) == [4096 - 3750, 4096 - 139])
        #expect(end.violation(of: [.window(one, 6000), .window(one, 5000)]) == nil)
        #expect(try end.frames().map(\.count) == [6000 - 4096])
    }

    @Test func `streams take turns`() throws {
        let end = Self.client { $0.peerSessionWindow = 1 << 20 }
        let numbers = try (0..<3).map { _ in try Self.opened(end) }
        for number in numbers { end.session.offer(number.slot, 40_000) }
        let frames = try end.frames().map(\.stream)
        #expect(frames == Array(repeating: numbers.map(\.rawValue), count: 3).flatMap(\.self))
    }

    @Test func `a stream has one run in flight on each lane`() throws {
        let end = Self.client()
        let number = try Self.opened(end)
        func put(_ lane: Int) -> UInt64? {
            end.session.offer(number.slot, 10)
            return end.nextFrame(lane)?.position
        }
        #expect(put(0) == 0 && put(0) == 10 && put(1) == 20 && put(1) == 30)
        #expect(put(0) == nil, "the run there has not arrived")
        try end.session.acknowledge(0, 51)
        #expect(put(0) == nil, "its last byte has not")
        try end.session.acknowledge(0, 52)
        #expect(put(0) == 40)
        #expect(put(1) == nil && put(2) == 50 && put(3) == 60 && put(0) == nil)
    }

    @Test func `a lane that is full takes no more until some has arrived`() throws {
        let end = Self.client { $0.laneCapacity = 1000 }
        let number = try Self.opened(end)
        end.session.offer(number.slot, 5000)
        #expect(end.nextFrame(0)?.count == 984)
        #expect(end.nextFrame(0) == nil)
        #expect(end.session.outlets[0].keptByteCount == 1000)
        try end.session.acknowledge(0, 600)
        #expect(end.nextFrame(0)?.count == 584)
        #expect(end.session.outlets[0].piece(from: 600, countMax: 5000) == 600..<1000)
        #expect(end.session.outlets[0].piece(from: 1000, countMax: 5000) == 0..<600)
        #expect(end.session.outlets[0].piece(from: 1000, countMax: 5) == 0..<5)
    }

    @Test func `a client tells how far it has a flow`() throws {
        let end = Self.client { $0.peerLaneCapacity = 200 }
        let pad = RawFrame(type: 7, payload: [UInt8](repeating: 0, count: 84))
        #expect(end.violation(of: [pad], on: 2) == nil)
        #expect(try end.frames().isEmpty)
        end.session.tellsKept = true
        let frames = try end.frames()
        #expect(frames.map(\.kind) == [.kept] && frames.map(\.code) == [2])
        #expect(frames.map(\.position) == [100])
        #expect(try end.frames().isEmpty)
    }

    @Test func `a client tells at once how far it has a lane that it asks for no more`() throws {
        let end = Self.client()
        #expect(end.violation(of: [RawFrame(type: 7)], on: 2) == nil)
        #expect(try end.frames().isEmpty)
        end.session.askedLanes = 2
        #expect(try end.frames().map(\.position) == [16])
        #expect(end.violation(of: [RawFrame(type: 7)], on: 3) == nil)
        end.session.didAsk(3)
        #expect(try end.frames().isEmpty)
    }

    @Test func `a reset is told, and takes what was offered along`() throws {
        let end = Self.client()
        let number = try Self.opened(end)
        end.session.offer(number.slot, 10)
        end.session.reset(number.slot, .ended, &end.pool)
        let frames = try end.frames()
        #expect(frames.map(\.kind) == [.reset])
        #expect(frames.map(\.code) == [ResetReason.ended.rawValue])
        #expect(end.violation(of: [.data(number, 0, [1]), .done(number)]) == nil)
        #expect(end.session[number.slot].phase == .free)
        #expect(end.pool.freeCount == end.pool.count)
    }

    @Test func `what came in order before a reset is passed on`() throws {
        let end = Self.client()
        let number = try Self.opened(end)
        end.session.offer(number.slot, 10)
        #expect(end.violation(of: [.data(number, 0, [1, 2]), .reset(number, 5)]) == nil)
        #expect(end.session[number.slot].peerReset == .draining)
        #expect(try end.frames().isEmpty, "nothing more is sent")
        #expect(end.violation(of: [.data(number, 2, [3]), .done(number)], on: 1) == nil)
        #expect(end.readAll(number.slot) == [1, 2, 3])
        end.session.reset(number.slot, .ended, &end.pool)
        #expect(try end.frames().isEmpty, "the server knows")
        #expect(end.session[number.slot].phase == .free)
        #expect(end.pool.freeCount == end.pool.count)
    }

    @Test func `an opening may be given up`() throws {
        let end = Self.client()
        let number = try #require(end.beginOpening())
        end.session.reset(number.slot, .ended, &end.pool)
        #expect(try end.frames().map(\.kind) == [.reset])
        end.session.wasOpened(number)
        #expect(end.session[number.slot].phase == .closing)
    }

    @Test func `what a client alone sends, or what it never asked for, is a violation`() throws {
        let never = StreamNumber(slot: 1, generation: 1)
        for frame in [
            .data(never, 0, [1]), .end(never, 0), .reset(never), .window(never, 1), .done(never),
        ] as [RawFrame] {
            #expect(Self.client().violation(of: [frame]) == .unknownStream)
        }
        let outside = StreamNumber(slot: 4, generation: 1)
        #expect(Self.client().violation(of: [.done(outside)]) == .outOfRange)
        #expect(Self.client().violation(of: [.kept(0, 0)]) == .wrongRole)
    }
}

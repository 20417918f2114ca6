import MethodTunnel
import Testing

private let stream = StreamNumber(slot: 3, generation: 7)

@Suite struct StreamNumberTests {
    @Test func `a number says slot and generation`() {
        #expect(stream.rawValue == 7 * 4096 + 3)
        #expect(stream.slot == 3 && stream.generation == 7)
        #expect(StreamNumber(rawValue: 4096)?.generation == 1)
        #expect(StreamNumber(rawValue: 4095) == nil)
        #expect(StreamNumber(rawValue: 0) == nil)
        #expect(StreamNumber(rawValue: .max)?.generation == StreamNumber.generationMax)
        #expect(StreamNumber(rawValue: .max)?.slot == 4095)
    }
}

@Suite struct FrameTests {
    /// A client that has the stream; every frame here is about that one.
    private static func client() throws -> End {
        let end = End(.client, SessionTerms(), blockCount: 64)
        for _ in 0..<4 { _ = end.beginOpening() }
        let bytes = (1..<7).flatMap { generation in
            RawFrame.reset(StreamNumber(slot: 3, generation: UInt32(generation))).bytes
                + RawFrame.done(StreamNumber(slot: 3, generation: UInt32(generation))).bytes
        }
        var rest = bytes
        for generation in 1..<7 {
            _ = try end.take(0, Array(rest.prefix(32)), from: 0)
            rest.removeFirst(32)
            guard end.beginOpening()?.generation == UInt32(generation + 1)
            else { throw Failure("another slot") }
        }
        return end
    }

    @Test(
        arguments: [
            .data(stream, 0, [1, 2, 3]), .end(stream, 0), .reset(stream, 200),
            .window(stream, 1 << 61), .window(nil, 0), .done(stream), RawFrame(type: 7),
            RawFrame(type: 7, payload: [1, 2]), RawFrame(type: 8),
        ] as [RawFrame]
    )
    func `a frame is taken, however it is split`(_ frame: RawFrame) throws {
        for step in 1...frame.bytes.count {
            let end = try Self.client()
            var rest = frame.bytes[...]
            while !rest.isEmpty {
                #expect(try end.take(0, Array(rest.prefix(step)), from: 0))
                rest = rest.dropFirst(step)
            }
            #expect(end.session.taken(0) == UInt64(6 * 32 + frame.bytes.count))
        }
    }

    @Test(
        arguments: [
            RawFrame(type: 0), RawFrame(type: 9), RawFrame(type: 255),
            RawFrame(type: 1, stream: stream.rawValue),
            RawFrame(type: 1, code: 1, stream: stream.rawValue, payload: [1]),
            RawFrame(type: 1, stream: 4095, payload: [1]),
            RawFrame(type: 1, stream: stream.rawValue, position: 1 << 62 - 1, payload: [1]),
            RawFrame(type: 1, stream: stream.rawValue, position: .max, payload: [1]),
            RawFrame(type: 2, stream: stream.rawValue, payload: [1]),
            RawFrame(type: 2, code: 1, stream: stream.rawValue), RawFrame(type: 2),
            RawFrame(type: 3, stream: stream.rawValue, position: 1), RawFrame(type: 3),
            RawFrame(type: 4, code: 1), RawFrame(type: 4, stream: 1),
            RawFrame(type: 4, position: 1 << 62), RawFrame(type: 5),
            RawFrame(type: 5, stream: stream.rawValue, position: 1),
            RawFrame(type: 6, stream: stream.rawValue), RawFrame(type: 7, code: 1),
            RawFrame(type: 7, stream: stream.rawValue), RawFrame(type: 7, position: 1),
            RawFrame(type: 8, payload: [1]),
        ] as [RawFrame]
    )
    func `what the type of a frame does not have must be zero`(_ frame: RawFrame) throws {
        #expect(try Self.client().violation(of: [frame]) == .malformedFrame)
    }

    @Test func `a frame is written as it is read`() throws {
        let end = End(.client, SessionTerms(), blockCount: 64)
        let number = try #require(end.beginOpening())
        end.session.wasOpened(number)
        end.session.offer(number.slot, 5)
        let frame = try #require(end.nextFrame(0))
        var expected = RawFrame.data(number, 0, [])
        expected.count = 5
        #expect((0..<16).map { frame.encoded[$0] } == expected.bytes)
        #expect(frame.kind == .data && frame.count == 5 && frame.stream == number.rawValue)
    }
}

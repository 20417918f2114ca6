import Internet
import Kernel
import Testing

/// Sends whose success is no event, on a real ring.
@Suite struct QuietSendTests {
    private static func makeRing() throws -> Ring {
        var options = Ring.Options()
        options.entries = 8
        options.completionEntries = 64
        return try Ring(options, memory: try Blocks(count: 1, blockSize: 64))
    }

    private static func close(_ pair: (server: Int32, client: Int32)) {
        Socket.close(pair.server)
        Socket.close(pair.client)
    }

    /// The quiet sends of which it is known that they succeeded.
    private func sent(_ ring: inout Ring) -> [Completion] {
        var all: [Completion] = []
        while let one = ring.nextSent() { all.append(one) }
        return all
    }

    @Test func `success ends no wait, and is told after it`() throws {
        var ring = try Self.makeRing()
        let pair = try ring.connectedPair()
        defer { Self.close(pair) }
        let memory = try Blocks(count: 1, blockSize: 64)
        ring.sendQuietly(pair.client, from: memory[0].part(0..<5), token: 7)
        #expect(ring.quietCount == 1 && ring.quietToken(0) == 7)
        #expect(sent(&ring).isEmpty)
        let end = ring.now() + 20_000_000
        ring.submitAndWait(count: 1, gatherMicroseconds: 0, until: end)
        #expect(ring.now() >= end)
        #expect(ring.nextCompletion() == nil)
        let sent = sent(&ring)
        #expect(sent.map(\.token) == [7] && sent.map(\.result) == [5])
        #expect(ring.quietCount == 0)
        ring.receive(pair.server, into: memory[0], token: 8)
        #expect(try ring.next().result == 5)
    }

    @Test func `what isn't sent wholly completes at once with what was`() throws {
        var ring = try Self.makeRing()
        var options = SocketOptions()
        options.sendBuffer = 8192
        options.receiveBuffer = 8192
        let pair = try ring.connectedPair(options)
        defer { Self.close(pair) }
        let memory = try Blocks(count: 1, blockSize: 1 << 20)
        ring.sendQuietly(pair.client, from: memory[0], token: 7)
        let part = try ring.next()
        #expect(part.token == 7 && part.result > 0 && part.result < 1 << 20)
        #expect(sent(&ring).isEmpty && ring.quietCount == 0)
        // A peer that doesn't read leaves no room in the end.
        var last = part
        for _ in 0..<1000 where last.result > 0 {
            ring.sendQuietly(pair.client, from: memory[0], token: 8)
            last = try ring.next()
        }
        #expect(last.token == 8 && last.result == -Errno.again)
        #expect(sent(&ring).isEmpty && ring.quietCount == 0)
    }

    @Test func `a failure is told among successes`() throws {
        var ring = try Self.makeRing()
        let pair = try ring.halfClosedPair()
        defer { Self.close(pair) }
        let memory = try Blocks(count: 1, blockSize: 64)
        ring.sendQuietly(pair.server, from: memory[0].part(0..<3), token: 4)
        ring.sendQuietly(pair.client, from: memory[0].part(0..<4), token: 5)
        ring.sendQuietly(pair.server, from: memory[0].part(0..<5), token: 6)
        let failed = try ring.next()
        #expect(failed.token == 5 && failed.result == -Errno.brokenPipe)
        let sent = sent(&ring)
        #expect(sent.map(\.token) == [4, 6] && sent.map(\.result) == [3, 5])
    }

    @Test func `a failure is told by its token though the ring was full before the wait`() throws {
        var ring = try Self.makeRing()
        let pair = try ring.halfClosedPair()
        defer { Self.close(pair) }
        let memory = try Blocks(count: 1, blockSize: 64)
        ring.sendQuietly(pair.client, from: memory[0].part(0..<4), token: 5)
        for token in 10..<18 { ring.poll(pair.server, events: .error, token: UInt64(token)) }
        // The first eight have been submitted to make room.
        let hadNews = ring.hasNews
        let failed = ring.nextCompletion()
        #expect(failed?.token == 5 && failed?.result == -Errno.brokenPipe)
        #expect(hadNews)
        ring.sendQuietly(pair.server, from: memory[0].part(0..<3), token: 6)
        ring.submitAndWait(count: 0, gatherMicroseconds: 0, until: ring.now())
        #expect(sent(&ring).map(\.token) == [6])
    }

    @Test func `more than the ring can keep in mind are told as others are`() throws {
        var ring = try Self.makeRing()
        let pair = try ring.connectedPair()
        defer { Self.close(pair) }
        let memory = try Blocks(count: 1, blockSize: 64)
        for round in 0..<3 {
            let tokens = (0..<20).map { UInt64(100 * round + $0) }
            for token in tokens {
                ring.sendQuietly(pair.client, from: memory[0].part(0..<1), token: token)
            }
            let loud = tokens.count - ring.quietCount
            #expect(ring.quietCount == 8)
            let limit = ring.now() + 5_000_000_000
            ring.submitAndWait(count: loud, gatherMicroseconds: 0, until: limit)
            var told = sent(&ring).map(\.token)
            while let completion = ring.nextCompletion() { told.append(completion.token) }
            #expect(told == tokens)
        }
    }
}

import Internet
import Kernel
import Testing

/// Sending to a peer that has sent FIN and doesn't read.
@Suite struct RingRoomTests {
    /// Sends until there is no room; how many bytes went.
    private func fill(_ socket: Int32, _ memory: Extent, _ ring: inout Ring) throws -> Int {
        var sent = 0
        for _ in 0..<10_000 {
            ring.send(socket, from: memory, token: 7)
            let completion = try ring.next()
            try #require(completion.token == 7)
            guard completion.result > 0 else {
                #expect(completion.result == -Errno.again)
                return sent
            }
            sent += Int(completion.result)
        }
        throw SystemError("there is always room", code: Errno.expired)
    }

    @Test func `a send without room returns, and room is told when the peer reads`() throws {
        var ring = try Ring(Ring.Options(), memory: try Blocks(count: 1, blockSize: 64))
        let memory = try Blocks(count: 1, blockSize: 1 << 18)
        let (server, client) = try ring.halfClosedPair()
        defer {
            Socket.close(server)
            Socket.close(client)
        }
        let sent = try fill(server, memory[0], &ring)
        ring.watch(server, events: .writable, token: 8)
        // The FIN of the peer is told once; then nothing, as long as there is no room.
        let first = try ring.next()
        #expect(first.token == 8 && first.hasMore)
        ring.submitAndWait(count: 1, gatherMicroseconds: 0, until: ring.now() + 50_000_000)
        #expect(ring.nextCompletion() == nil)
        var received = 0
        var isTold = false
        while received < sent || !isTold {
            if received < sent { ring.receive(client, into: memory[0], token: 9) }
            let completion = try ring.next()
            #expect(completion.result > 0)
            if completion.token == 8 { isTold = true } else { received += Int(completion.result) }
        }
        #expect(received == sent)
        ring.cancel(8, token: 10)
        var tokens: Set<UInt64> = []
        while tokens != [8, 10] {
            let completion = try ring.next()
            if completion.token == 10 || !completion.hasMore { tokens.insert(completion.token) }
        }
    }
}

import Internet
import Kernel
import Testing

/// Sending to a peer that has sent FIN and doesn't read.
@Suite struct RingRoomTests {
    private func next(_ ring: inout Ring) throws -> Completion {
        for _ in 0..<50 {
            if let completion = ring.nextCompletion() { return completion }
            ring.submitAndWait(count: 1, gatherMicroseconds: 0, until: ring.now() + 100_000_000)
        }
        throw SystemError("no completion", code: Errno.expired)
    }

    /// A client that has sent FIN, and the server's end of its connection.
    private func halfClosedPair(_ ring: inout Ring) throws -> (server: Int32, client: Int32) {
        let loopback = Endpoint(Address(v4: 0x7f00_0001), port: 0)
        let listener = try Socket.listen(on: loopback, backlog: 8, options: SocketOptions())
        let endpoint = try #require(Socket.localEndpoint(of: listener))
        ring.accept(on: listener, token: 1)
        let client = ring.makeSocket(.v4, source: nil, options: SocketOptions())
        ring.connect(client, to: endpoint, token: 2)
        var server: Int32 = -1
        for _ in 0..<2 {
            let completion = try next(&ring)
            if completion.token == 1 { server = completion.result }
        }
        ring.cancel(1, token: 3)
        for _ in 0..<2 { _ = try next(&ring) }
        Socket.close(listener)
        try #require(ring.shutdownSending(client) == 0)
        return (server, client)
    }

    /// Sends until there is no room; how many bytes went.
    private func fill(_ socket: Int32, _ memory: Extent, _ ring: inout Ring) throws -> Int {
        var sent = 0
        for _ in 0..<10_000 {
            ring.send(socket, from: memory, token: 7)
            let completion = try next(&ring)
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
        let (server, client) = try halfClosedPair(&ring)
        defer {
            Socket.close(server)
            Socket.close(client)
        }
        let sent = try fill(server, memory[0], &ring)
        ring.watch(server, events: .writable, token: 8)
        // The FIN of the peer is told once; then nothing, as long as there is no room.
        let first = try next(&ring)
        #expect(first.token == 8 && first.hasMore)
        ring.submitAndWait(count: 1, gatherMicroseconds: 0, until: ring.now() + 50_000_000)
        #expect(ring.nextCompletion() == nil)
        var received = 0
        var isTold = false
        while received < sent || !isTold {
            if received < sent { ring.receive(client, into: memory[0], token: 9) }
            let completion = try next(&ring)
            #expect(completion.result > 0)
            if completion.token == 8 { isTold = true } else { received += Int(completion.result) }
        }
        #expect(received == sent)
        ring.cancel(8, token: 10)
        var tokens: Set<UInt64> = []
        while tokens != [8, 10] {
            let completion = try next(&ring)
            if completion.token == 10 || !completion.hasMore { tokens.insert(completion.token) }
        }
    }
}

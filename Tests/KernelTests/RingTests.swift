import Glibc
import Internet
import Kernel
import Testing

/// The ring against the real kernel, over loopback.
@Suite struct RingTests {
    /// A ring with four buffers of 1 KiB.
    private func makeRing() throws -> Ring {
        var options = Ring.Options()
        options.entries = 8
        options.completionEntries = 64
        options.buffers = 4
        return try Ring(options, memory: try Blocks(count: 4, blockSize: 1024))
    }

    private func text(_ extent: Extent) -> String {
        extent.withBytes { bytes in
            String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        }
    }

    private func fill(_ extent: Extent, _ text: String) -> Extent {
        for (index, byte) in text.utf8.enumerated() { extent[index] = byte }
        return extent.part(0..<text.utf8.count)
    }

    @Test func `a wake is done by the submission itself`() throws {
        var ring = try makeRing()
        let event = try Descriptors.makeEvent()
        ring.wake(event, token: 1)
        ring.submitAndWait(count: 0, gatherMicroseconds: 0, until: ring.now())
        var request = pollfd(fd: event, events: Int16(POLLIN), revents: 0)
        #expect(unsafe poll(&request, 1, 0) == 1)
        Descriptors.waitForSignal(event)
        #expect(unsafe poll(&request, 1, 0) == 0)
    }

    @Test(arguments: [false, true])
    func `sockets are passed with bytes, one or two`(isPair: Bool) throws {
        var ring = try makeRing()
        let channel = try DescriptorChannel()
        let (server, client) = try ring.connectedPair()
        let memory = try Blocks(count: 2, blockSize: 64)
        let nothing = ring.takePassed(from: channel.exit, into: memory[1])
        #expect(nothing.sockets.client == -Errno.again)
        let sockets = Sockets(client: server, upstream: isPair ? client : -1)
        let bytes = fill(memory[0], "luggage")
        #expect(ring.pass(sockets, with: bytes, through: channel.entry) == 0)
        if isPair { Socket.close(client) }
        Socket.close(server)
        let passed = ring.takePassed(from: channel.exit, into: memory[1])
        #expect(text(memory[1].part(0..<passed.byteCount)) == "luggage")
        #expect((passed.sockets.upstream >= 0) == isPair)
        let other = isPair ? passed.sockets.upstream : client
        #expect(ring.sendNow(other, from: bytes) == 7)
        ring.receive(passed.sockets.client, into: memory[1], token: 9)
        #expect(try ring.next().result == 7)
        for socket in [passed.sockets.client, other, channel.entry, channel.exit] {
            Socket.close(socket)
        }
    }

    @Test func `bytes sent arrive in a provided buffer, whose index is told`() throws {
        var ring = try makeRing()
        let (server, client) = try ring.connectedPair()
        let memory = try Blocks(count: 1, blockSize: 64)
        ring.provide(2)
        ring.send(client, from: fill(memory[0], "hello"), token: 7)
        #expect(try ring.next().result == 5)
        ring.receive(server, bytesMax: 1024, pollFirst: false, token: 8)
        let completion = try ring.next()
        #expect(completion.token == 8)
        #expect(completion.result == 5)
        #expect(completion.buffer == 2)
        #expect(text(ring.buffer(2).part(0..<5)) == "hello")
        Socket.close(server)
        Socket.close(client)
    }

    @Test func `one receive is for all that comes, until the end`() throws {
        var ring = try makeRing()
        let (server, client) = try ring.connectedPair()
        let memory = try Blocks(count: 1, blockSize: 64)
        for index in 0..<3 { ring.provide(UInt16(index)) }
        ring.receiveEach(server, token: 8)
        for word in ["one", "two"] {
            ring.send(client, from: fill(memory[0], word), token: 7)
            var completions = [try ring.next(), try ring.next()]
            completions.sort { $0.token < $1.token }
            #expect(completions[1].hasMore)
            let buffer = try #require(completions[1].buffer)
            #expect(text(ring.buffer(buffer).part(0..<3)) == word)
        }
        #expect(ring.shutdownSending(client) == 0)
        let end = try ring.next()
        #expect(end.token == 8)
        #expect(end.result == 0 && !end.hasMore)
        Socket.close(server)
        Socket.close(client)
    }

    @Test func `a receive of so many bytes goes on until they have come`() throws {
        let name = "multishot receive of so many bytes"
        let isBounded = Probe().features.first { $0.name == name }?.isAvailable
        var ring = try makeRing()
        let (server, client) = try ring.connectedPair()
        let memory = try Blocks(count: 1, blockSize: 64)
        for index in 0..<3 { ring.provide(UInt16(index)) }
        var isUnderWay = false
        for (word, isLast) in [("one", false), ("two", true)] {
            if !isUnderWay { ring.receive(server, bytesMax: 1024, total: 5, token: 8) }
            ring.send(client, from: fill(memory[0], word), token: 7)
            var completions = [try ring.next(), try ring.next()]
            completions.sort { $0.token < $1.token }
            isUnderWay = completions[1].hasMore
            #expect(isUnderWay == (isBounded == true && !isLast))
            let buffer = try #require(completions[1].buffer)
            #expect(text(ring.buffer(buffer).part(0..<3)) == word)
        }
        Socket.close(server)
        Socket.close(client)
    }

    @Test func `a receive without a buffer fails, and the bytes stay in the socket`() throws {
        var ring = try makeRing()
        let (server, client) = try ring.connectedPair()
        let memory = try Blocks(count: 2, blockSize: 64)
        ring.send(client, from: fill(memory[0], "kept"), token: 7)
        _ = try ring.next()
        ring.receive(server, bytesMax: 1024, pollFirst: false, token: 8)
        #expect(try ring.next().result == -Errno.noBuffers)
        ring.receive(server, into: memory[1], token: 9)
        #expect(try ring.next().result == 4)
        #expect(text(memory[1].part(0..<4)) == "kept")
        Socket.close(server)
        Socket.close(client)
    }

    @Test func `a cancelled receive completes as cancelled`() throws {
        var ring = try makeRing()
        let (server, client) = try ring.connectedPair()
        ring.provide(0)
        ring.receive(server, bytesMax: 1024, pollFirst: true, token: 8)
        ring.cancel(8, token: 9)
        var results: [UInt64: Int32] = [:]
        for _ in 0..<2 {
            let completion = try ring.next()
            results[completion.token] = completion.result
        }
        #expect(results == [8: -Errno.canceled, 9: 0])
        Socket.close(server)
        Socket.close(client)
    }

    @Test func `more submissions than the queue has entries are all submitted`() throws {
        var ring = try makeRing()
        let (server, client) = try ring.connectedPair()
        for token in 0..<40 { ring.poll(client, events: .writable, token: UInt64(token)) }
        var seen: Set<UInt64> = []
        for _ in 0..<40 { seen.insert(try ring.next().token) }
        #expect(seen.count == 40)
        Socket.close(server)
        Socket.close(client)
    }

    @Test func `a close that succeeds completes silently, one that fails is told`() throws {
        var ring = try makeRing()
        let (server, client) = try ring.connectedPair()
        ring.close(server, token: 1)
        ring.close(client, token: 2)
        ring.close(19_999, token: 3)
        let completion = try ring.next()
        #expect(completion.token == 3)
        #expect(completion.result < 0)
    }

    @Test func `a wait ends at its deadline though nothing completes`() throws {
        var ring = try makeRing()
        let begin = ring.now()
        ring.submitAndWait(count: 1, gatherMicroseconds: 0, until: begin + 20_000_000)
        #expect(ring.nextCompletion() == nil)
        #expect(ring.now() >= begin + 20_000_000)
    }

    @Test(arguments: [false, true])
    func `bytes move through a pipe by call and by submission`(_ isSubmitted: Bool) throws {
        var ring = try makeRing()
        let (server, client) = try ring.connectedPair()
        let memory = try Blocks(count: 2, blockSize: 64)
        let pipe = ring.makePipe(capacity: 65536)
        ring.send(client, from: fill(memory[0], "spliced"), token: 7)
        _ = try ring.next()
        for (source, sink) in [(server, pipe.sink), (pipe.source, server)] {
            if isSubmitted {
                ring.splice(from: source, to: sink, count: 100, token: 8)
                #expect(try ring.next().result == 7)
            } else {
                #expect(ring.spliceNow(from: source, to: sink, count: 100) == 7)
            }
        }
        ring.receive(client, into: memory[1], token: 10)
        #expect(try ring.next().result == 7)
        #expect(text(memory[1].part(0..<7)) == "spliced")
        #expect(ring.spliceNow(from: server, to: pipe.sink, count: 100) == -Errno.again)
        for descriptor in [server, client, pipe.source, pipe.sink] { Socket.close(descriptor) }
    }
}

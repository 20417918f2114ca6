import Foundation
import Testing

extension EndToEndTests {
    /// Requests of one session that come in one turn, and undo what each other asks for.
    @Suite struct MethodRaces {
        private typealias Frame = MethodSession.Frame

        /// Sends each request by a connection of its own, so that all come in one turn.
        private func sendAtOnce(
            _ requests: [[UInt8]],
            to culvert: Culvert
        ) throws -> [Stream] {
            let streams = try requests.map { _ in try Stream(to: culvert.endpoint) }
            // They have been accepted.
            try culvert.handleAll()
            try culvert.pause()
            for (stream, request) in zip(streams, requests) { try stream.send(request) }
            culvert.resume()
            return streams
        }

        /// A poll from an offset that the next request says it is past.
        @Test func `a request for bytes that are given up meanwhile ends, and leaves nothing`()
            throws
        {
            let culvert = try MethodTunnels.start("--workers", "1")
            let origin = try Origin.echo()
            let session = try MethodSession(culvert)
            try session.make()
            try #require(try session.open(4096, origin.authority).result == 0)
            try session.send([Frame(.data, stream: 4096, payload: Array("echo".utf8))])
            let frames = try session.frames { $0.contains { $0.kind == 1 } }
            #expect(frames.flatMap(\.payload) == Array("echo".utf8))
            let kept = Frame(.kept, position: UInt64(session.lanes[0].count))
            let streams = try sendAtOnce(
                [
                    session.request("GET", "-/poll/0/0/50/99999"),
                    session.request("PUT", "-/send/0/\(session.sent[0])", kept.bytes),
                ],
                to: culvert
            )
            #expect(try MethodSession.reply(on: streams[1]).result == 0)
            // It has been answered before, or it can't be any more.
            _ = try? streams[0].receiveHead()
            for stream in streams { stream.close() }
            #expect(try session.ask("DELETE", "-/quit").result == 0)
            try culvert.expectEmpty()
            #expect(culvert.stop() == 0)
        }

        @Test func `whoever asks for two streams of one slot at once is answered twice`() throws {
            let culvert = try MethodTunnels.start("--workers", "1")
            let session = try MethodSession(culvert)
            try session.make()
            let requests = [4096, 8192].map { session.request("POST", "-/open/\($0)", [0x78]) }
            let streams = try sendAtOnce(requests, to: culvert)
            #expect(try MethodSession.reply(on: streams[0]).refusedStatus == 400)
            let second = try MethodSession.reply(on: streams[1])
            #expect(second.result == 4 || second.refusedStatus == 400)
            for stream in streams { stream.close() }
            #expect(try session.ask("DELETE", "-/quit").result == 0)
            try culvert.expectEmpty()
            #expect(culvert.stop() == 0)
        }

        @Test func `a session whose answer was lost is asked for again though there are enough`()
            throws
        {
            let culvert = try MethodTunnels.start("--max-sessions-per-user", "1", "--workers", "2")
            let session = try MethodSession(culvert)
            let nonce = MethodSession.nonce()
            let made = try session.make(nonce)
            #expect(made.result == 0)
            #expect(try session.make(nonce).rest == made.rest)
            #expect(try session.make().result == 7)
        }

        /// The target is reached, the stream ended and its slot used again in the same moment.
        @Test func `streams that are ended as they are opened disturb nothing`() throws {
            let culvert = try MethodTunnels.start("--workers", "1")
            let origin = try Origin.echo()
            let session = try MethodSession(culvert)
            try session.make()
            let streams = try (0..<3).map { _ in try Stream(to: culvert.endpoint) }
            for generation in stride(from: UInt32(1), to: 600, by: 2) {
                let number = generation << 12
                let requests = [
                    session.request("POST", "-/open/\(number)", Array(origin.authority.utf8)),
                    session.request("DELETE", "-/end/\(number)"),
                    session.request("POST", "-/open/\(number + 4096)", Array("h".utf8)),
                ]
                for (stream, request) in zip(streams, requests) { try stream.send(request) }
                for stream in streams {
                    #expect(try MethodSession.reply(on: stream).result != nil)
                }
                _ = try session.ask("DELETE", "-/end/\(number + 4096)")
            }
            for stream in streams { stream.close() }
            #expect(try session.open(4097, origin.authority).result == 0)
            #expect(try session.ask("DELETE", "-/quit").result == 0)
            try culvert.expectEmpty()
            #expect(culvert.stop() == 0)
        }
    }
}

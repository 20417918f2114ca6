import Foundation
import Testing

extension EndToEndTests {
    /// How the bytes of lanes come and go: on kept connections, waiting, streaming, side by side.
    @Suite struct MethodLanes {
        private typealias Frame = MethodSession.Frame

        /// A session with one stream, and that stream's other end.
        private func open(
            _ culvert: Culvert,
            _ parameters: [Int: Int] = [:]
        ) throws -> (MethodSession, Stream) {
            let origin = try Origin()
            let session = try MethodSession(culvert)
            try session.make(MethodSession.nonce(), parameters)
            try #require(try session.open(4096, origin.authority).result == 0)
            return (session, try origin.accept())
        }

        @Test func `one connection carries requests of many sessions to all workers`() throws {
            let culvert = try MethodTunnels.start("--workers", "3")
            let origin = try Origin.echo()
            let sessions = try (0..<12).map { _ in
                let session = try MethodSession(culvert)
                try session.make()
                return session
            }
            let lane = try Stream(to: culvert.endpoint)
            for round in UInt32(1)...3 {
                for session in sessions {
                    let number = round * 4096
                    let body = Array(origin.authority.utf8)
                    try lane.send(session.request("POST", "-/open/\(number)", body))
                    #expect(try MethodSession.reply(on: lane).result == 0)
                    let text = Array("round \(round)".utf8)
                    let frames = [Frame(.data, stream: number, payload: text)]
                    try session.send(frames + [Frame(.end, stream: number, position: 7)], on: lane)
                    let came = try session.frames { frames in
                        frames.contains { $0.kind == 5 && $0.stream == number }
                    }
                    let echoed = came.filter { $0.kind == 1 && $0.stream == number }
                    #expect(echoed.flatMap(\.payload) == text)
                }
            }
            let workers = Set(try culvert.workerStatus().compactMap { $0["sessions"] })
            #expect(try culvert.status()["sessions"] == 12, "\(workers)")
            #expect(try culvert.status()["passed_on"] ?? 0 > 0)
            lane.close()
            try culvert.expectEmpty()
        }

        @Test func `a long poll is answered when there is something, a short one at once`() throws {
            let culvert = try MethodTunnels.start("--poll-timeout", "1s")
            let (session, upstream) = try open(culvert)
            #expect(session.parameters[5] == 1)
            let lane = try Stream(to: culvert.endpoint)
            try lane.send(session.request("GET", "-/poll/0/0/50/100000"))
            #expect(!Readiness.comes(lane.descriptor, POLLIN, within: 100))
            try upstream.send("now")
            let reply = try MethodSession.reply(on: lane)
            #expect(Frame.all(in: reply.rest).map(\.payload) == [Array("now".utf8)])
            // The operator's time is over before the client's.
            let start = ContinuousClock.now
            try lane.send(session.request("GET", "-/poll/0/19/50/100000"))
            #expect(try MethodSession.reply(on: lane).rest == [])
            #expect((.seconds(1) ... .seconds(9)).contains(ContinuousClock.now - start))
            try lane.send(session.request("GET", "-/poll/0/19/0/100000"))
            #expect(try MethodSession.reply(on: lane).rest == [])
        }

        @Test func `a newer request takes over the lane, and the older one is answered`() throws {
            let culvert = try MethodTunnels.start()
            let (session, upstream) = try open(culvert)
            let older = try Stream(to: culvert.endpoint)
            let request = session.request("GET", "-/poll/0/0/50/100000")
            try older.send(request)
            #expect(!Readiness.comes(older.descriptor, POLLIN, within: 100))
            let newer = try Stream(to: culvert.endpoint)
            try newer.send(session.request("GET", "-/flow/0/0/50/100000"))
            #expect(try MethodSession.reply(on: older).rest == [])
            #expect(try newer.receiveHead().contains("Transfer-Encoding: chunked\r\n"))
            #expect(try MethodSession.chunk(on: newer)?.count == 24)
            // A repetition of the older one gets what is kept, and takes nothing over.
            try older.send(request)
            #expect(try MethodSession.reply(on: older).rest == [])
            try upstream.send("news")
            let chunk = try #require(try MethodSession.chunk(on: newer))
            #expect(Frame.all(in: chunk).map(\.payload) == [Array("news".utf8)])
            try older.send(request)
            #expect(try MethodSession.reply(on: older).rest == chunk)
            _ = try session.ask("DELETE", "-/quit")
            #expect(try MethodSession.chunk(on: newer) == nil)
        }

        @Test func `streaming ends at its time or its size, and in HTTP 1.0 with the connection`()
            throws
        {
            let culvert = try MethodTunnels.start()
            let (session, upstream) = try open(culvert)
            try upstream.send(Array(repeating: 7, count: 20_000))
            let lane = try Stream(to: culvert.endpoint)
            try lane.send(session.request("GET", "-/flow/0/0/1/100000"))
            let timed = try MethodSession.reply(on: lane)
            #expect(timed.result == 0 && timed.rest.count == 20_032)
            try upstream.send(Array(repeating: 8, count: 60_000))
            try lane.send(session.request("GET", "-/flow/0/20032/50/8192"))
            let sized = try MethodSession.reply(on: lane).rest
            #expect((8192 - 528...8192).contains(sized.count))
            let offset = 20_032 + sized.count
            try lane.send(
                session.request("GET", "-/flow/0/\(offset)/1/100000", version: "1.0")
            )
            let head = try lane.receiveHead()
            #expect(!head.contains("Transfer-Encoding") && head.contains("Connection: close\r\n"))
            let rest = try lane.receiveToEnd()
            #expect(rest.end == .fin && rest.bytes.starts(with: "CVMT".utf8))
        }

        @Test func `a slow side stops the other one, both ways`() throws {
            let culvert = try MethodTunnels.start()
            let (session, upstream) = try open(culvert, [1: 65536])
            // Nobody reads: the window of the stream is used up, and no more is taken.
            let window = try #require(session.parameters[1])
            for start in stride(from: 0, to: window, by: 16384) {
                let frame = Frame(
                    .data,
                    stream: 4096,
                    position: UInt64(start),
                    payload: Array(Pattern.outbound.piece(at: start, 16384))
                )
                #expect(try session.send([frame]).result == 0)
            }
            // The upstream is slower than the client: its bytes wait in sockets, then with it.
            var sent = 0
            while Readiness.comes(upstream.descriptor, POLLOUT, within: 200) {
                try upstream.send(Array(Pattern.inbound.piece(at: sent, 4096)))
                sent += 4096
            }
            #expect(sent < 16 << 20)
            let frames = try session.frames { $0.map(\.payload.count).reduce(0, +) == 65536 }
            try Pattern.inbound.check(frames.flatMap(\.payload), at: 0)
            #expect(try session.poll(wait: 1).rest == [])
            for start in stride(from: 0, to: window, by: 16384) {
                try Pattern.outbound.check(upstream.receive(exactly: 16384), at: start)
            }
            let windows = try session.frames { $0.contains { $0.kind == 4 && $0.stream == 4096 } }
            #expect(windows.last { $0.kind == 4 && $0.stream == 4096 }?.position ?? 0 > window)
        }

        @Test func `frames cut anywhere, and bodies in chunks, say the same`() throws {
            let culvert = try MethodTunnels.start()
            let (session, upstream) = try open(culvert)
            let frame = Frame(.data, stream: 4096, payload: Array("in pieces".utf8)).bytes
            let lane = try Stream(to: culvert.endpoint)
            for (index, byte) in frame.enumerated() {
                try lane.send(session.request("PUT", "-/send/0/\(index)", [byte]))
                #expect(try MethodSession.reply(on: lane).value == UInt64(index + 1))
            }
            #expect(try upstream.receive(exactly: 9) == Array("in pieces".utf8))
            let more = Frame(.data, stream: 4096, position: 9, payload: Array("chunks".utf8))
            let field = "Transfer-Encoding: chunked\r\n"
            var request = session.request("PUT", "-/send/0/\(frame.count)", fields: field)
            for byte in more.bytes { request += Array("1\r\n".utf8) + [byte, 13, 10] }
            try lane.send(request + Array("0\r\n\r\n".utf8))
            #expect(try MethodSession.reply(on: lane).value == UInt64(frame.count + 22))
            #expect(try upstream.receive(exactly: 6) == Array("chunks".utf8))
        }

        @Test func `who waits for it is told to go on with a body`() throws {
            let culvert = try MethodTunnels.start()
            let session = try MethodSession(culvert)
            let lane = try Stream(to: culvert.endpoint)
            let body = MethodSession.nonce()
            let request = session.request(
                "POST",
                "make/1",
                body,
                fields: "Expect: 100-continue\r\n"
            )
            try lane.send(Array(request.dropLast(16)))
            #expect(try lane.receiveHead() == "HTTP/1.1 100 Continue\r\n\r\n")
            try lane.send(body)
            #expect(try MethodSession.reply(on: lane).result == 0)
        }

        @Test func `a body that is cut counts as far as it came`() throws {
            let culvert = try MethodTunnels.start()
            let (session, upstream) = try open(culvert)
            let frame = Frame(.data, stream: 4096, payload: Array("half and half".utf8)).bytes
            let lane = try Stream(to: culvert.endpoint)
            try lane.send(Array(session.request("PUT", "-/send/0/0", frame).dropLast(5)))
            #expect(try upstream.receive(exactly: 8) == Array("half and".utf8))
            lane.reset()
            #expect(try session.ask("PUT", "-/send/0/0", frame).value == UInt64(frame.count))
            #expect(try upstream.receive(exactly: 5) == Array(" half".utf8))
        }
    }
}

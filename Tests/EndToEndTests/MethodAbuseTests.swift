import Foundation
import Testing

extension EndToEndTests {
    /// Clients of the tunnel without CONNECT that break its rules, or want more than is theirs.
    @Suite struct MethodAbuse {
        private typealias Frame = MethodSession.Frame

        // MARK: Who may

        @Test func `only users make sessions, and each only knows its own`() throws {
            let folder = try Folder()
            for user in ["ana", "ben"] { try folder.setPassword("secret \(user)", of: user) }
            let culvert = try MethodTunnels.start("--users", folder.path("users"), "--workers", "2")
            for wrong in [nil, "ana:", "ana:secret ben"] {
                let stranger = try MethodSession(culvert, credentials: wrong)
                let reply = try stranger.make()
                #expect(reply.status == 401 && reply.result == nil)
                #expect(reply.head.contains("\r\nWWW-Authenticate: Basic realm="))
                #expect(!reply.head.contains("Proxy-Status"))
            }
            let refusal = try culvert.record("end") { $0["status"] as? Int == 407 }
            #expect(refusal["way"] as? String == "method")
            let origin = try Origin()
            let ana = try MethodSession(culvert, credentials: "ana:secret ana")
            try ana.make()
            #expect(try ana.open(4096, origin.authority).result == 0)
            let open = try culvert.record("open")
            #expect(open["user"] as? String == "ana" && open["way"] as? String == "method")
            let ben = try MethodSession(culvert, credentials: "ben:secret ben")
            ben.id = ana.id
            #expect(try ben.poll(wait: 0).result == 1)
            #expect(try ben.open(4097, origin.authority).result == 1)
            #expect(try ben.send([MethodSession.Frame(.end, stream: 4096)]).result == 1)
            #expect(try ben.ask("DELETE", "-/end/4096").result == 1)
            #expect(try ben.ask("DELETE", "-/quit").result == 1)
            let nobody = try MethodSession(culvert)
            nobody.id = ana.id
            #expect(try nobody.poll(wait: 0).status == 401)
            #expect(try ana.send([]).result == 0)
            #expect(try culvert.status()["opened"] == 1)
            ben.id = String(repeating: "0", count: 32)
            #expect(try ben.poll(wait: 0).result == 1)
        }

        @Test func `a user has as many sessions as may be, and a worker too`() throws {
            let culvert = try MethodTunnels.start("--max-sessions-per-user", "5", "--workers", "2")
            let sessions = try (0..<7).map { _ in try MethodSession(culvert) }
            let replies = try sessions.map { try $0.make() }
            #expect(replies.filter { $0.result == 0 }.count == 5)
            #expect(replies.filter { $0.result == 7 && $0.status == 429 }.count == 2)
            let quitter = try #require(sessions.first { !$0.id.isEmpty })
            _ = try quitter.ask("DELETE", "-/quit")
            #expect(try MethodSession(culvert).make().result == 0)
            let small = try MethodTunnels.start("--max-sessions", "3", "--workers", "1")
            for index in 0..<5 {
                #expect(try MethodSession(small).make().result == (index < 3 ? 0 : 4))
            }
        }

        // MARK: Messages

        /// The field of a body in chunks, and its first lines.
        private static func chunks(_ lines: String) -> String {
            "Transfer-Encoding: chunked\r\n\r\n\(lines)"
        }

        @Test(
            arguments: [
                ("PUT /tunnel/-/send/0/0?{serial}", "Content-Length: 1\r\nContent-Length: 1", 400),
                ("PUT /tunnel/-/send/0/0?{serial}", "Content-Length: 1, 1", 400),
                ("PUT /tunnel/-/send/0/0?{serial}", "Content-Length: +1", 400),
                (
                    "PUT /tunnel/-/send/0/0?{serial}",
                    "Content-Length: 1\r\nTransfer-Encoding: chunked", 400
                ),
                ("PUT /tunnel/-/send/0/0?{serial}", "Transfer-Encoding: gzip, chunked", 501),
                ("PUT /tunnel/-/send/0/0?{serial}", "Transfer-Encoding : chunked", 400),
                ("PUT /tunnel/-/send/0/0?{serial}", "Transfer-Encoding: chunked,", 400),
                ("PUT /tunnel/-/send/0/0?{serial}", "Content-Length: -1", 400),
                ("PUT /tunnel/-/send/0/0?{serial}", ": a", 400),
                ("PUT /tunnel/-/send/0/0?{serial}", chunks("ffffffffffffffff"), 413),
                ("PUT /tunnel/-/send/0/0?{serial}", chunks("10000000000000001"), 413),
                ("PUT /tunnel/-/send/0/0?{serial}", chunks("-1"), 400),
                ("PUT /tunnel/-/send/0/0?{serial}", chunks("0x1"), 400),
                ("PUT /tunnel/-/send/0/0?{serial}", chunks("0\r\nGET / HTTP/1.1"), 400),
                ("PUT /tunnel/-/send/0/0?{serial}", "Content-Length: 1048577", 413),
                ("GET /tunnel/-/poll/0/0/0/9?{serial}", "Content-Length: 1", 413),
                ("GET /tunnel/-/poll/0/0/0/9", "A: b", 400),
                ("GET /tunnel/-/poll/00/0/0/9?{serial}", "A: b", 400),
                ("GET /tunnel/-/poll/0/0/0/9/?{serial}", "A: b", 400),
                ("GET /tunnel/-/poll/0/9223372036854775808/0/9?{serial}", "A: b", 400),
                ("GET /tunnel/{id}/poll/0/0/0/9?{serial}", "A: b", 400),
                ("GET /tunnel/make/1?{serial}", "A: b", 405),
                ("DELETE /tunnel/-/poll/0/0/0/9?{serial}", "A: b", 405),
                ("PATCH /tunnel/-/poll/0/0/0/9?{serial}", "A: b", 405),
                ("POST /tunnel/make/1?{serial}", "Content-Length: 3", 400),
                ("POST /tunnel/make/1?{serial}", "Content-Length: 1025", 413),
            ]
        )
        func `what is malformed is refused, and nothing behind it is parsed`(
            _ line: String,
            _ field: String,
            _ status: Int
        ) throws {
            let culvert = try MethodTunnels.start("--workers", "1")
            let session = try MethodSession(culvert)
            try session.make()
            let target = line.replacing("{serial}", with: "7fffffffffffffff")
                .replacing("{id}", with: session.id)
            let stream = try Stream(to: culvert.endpoint)
            let head = "\(target) HTTP/1.1\r\nHost: a\r\nTunnel-Session: \(session.id)\r\n"
            let behind = session.request("DELETE", "-/quit")
            try stream.send(Array("\(head)\(field)\r\n\r\nabc".utf8) + behind)
            let (bytes, _) = try stream.receiveToEnd()
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(text)")
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(text.matches(of: #/HTTP\/1\.1 \d{3} /#).count == 1)
            #expect(try session.poll(wait: 0).result == 0)
        }

        @Test func `requests behind each other are answered one by one`() throws {
            let culvert = try MethodTunnels.start("--workers", "1")
            let session = try MethodSession(culvert)
            try session.make()
            let stream = try Stream(to: culvert.endpoint)
            let polls = (0..<20).flatMap { _ in session.request("GET", "-/poll/0/0/0/9") }
            try stream.send(polls + session.request("DELETE", "-/quit"))
            for _ in 0..<21 { #expect(try MethodSession.reply(on: stream).result == 0) }
        }

        // MARK: The format

        private static let violations: [(String, [UInt8])] = [
            ("an unknown frame", Frame(.data).bytes.replacingFirst(with: 9)),
            ("a frame of the server", Frame(.done, stream: 4096).bytes),
            ("a stream never opened", Frame(.data, stream: 8192, payload: [1]).bytes),
            ("a slot beyond all", Frame(.end, stream: 4096 + 600).bytes),
            (
                "beyond the window",
                Frame(.data, stream: 4096, position: 1 << 19, payload: [1]).bytes
            ),
            ("a huge offset", Frame(.data, stream: 4096, position: 1 << 61, payload: [1]).bytes),
            ("an offset that overflows", Frame(.end, stream: 4096, position: .max).bytes),
            ("bytes acknowledged that never were", Frame(.kept, position: 1).bytes),
            (
                "more gaps than lanes",
                (1...6).flatMap {
                    Frame(.data, stream: 4096, position: UInt64($0 * 10), payload: [1]).bytes
                }
            ),
            (
                "an end before bytes",
                Frame(.data, stream: 4096, payload: [1]).bytes
                    + Frame(.end, stream: 4096).bytes
            ),
        ]

        @Test(arguments: violations.map(\.0))
        func `a client that breaks the format loses its session, and nobody else's`(
            _ name: String
        ) throws {
            let culvert = try MethodTunnels.start("--workers", "1")
            let origin = try Origin()
            let (good, bad) = (try MethodSession(culvert), try MethodSession(culvert))
            for session in [good, bad] {
                try session.make()
                try #require(try session.open(4096, origin.authority).result == 0)
            }
            let streams = [try origin.accept(), try origin.accept()]
            let bytes = try #require(Self.violations.first { $0.0 == name }?.1)
            let reply = try bad.ask("PUT", "-/send/0/0", bytes)
            #expect(reply.status == 400 && reply.result == 9)
            #expect(try bad.poll(wait: 0).result == 1)
            #expect(try streams[1].receiveToEnd().end == .reset)
            #expect(try culvert.status()["violations"] == 1)
            try good.send([Frame(.data, stream: 4096, payload: Array("well".utf8))])
            #expect(try streams[0].receive(exactly: 4) == Array("well".utf8))
            let end = try culvert.record("end")
            #expect(end["reason"] as? String == "session_ended")
        }

        @Test func `a lane or an offset that never was ends the session`() throws {
            let culvert = try MethodTunnels.start("--workers", "1")
            for target in ["-/poll/3/0/0/9", "-/poll/0/1/0/9", "-/flow/0/9/0/9"] {
                let session = try MethodSession(culvert)
                try session.make(MethodSession.nonce(), [3: 2])
                #expect(try session.ask("GET", target).result == 9)
                #expect(try session.poll(wait: 0).result == 1)
            }
            let session = try MethodSession(culvert)
            try session.make(MethodSession.nonce(), [3: 2])
            #expect(try session.ask("PUT", "-/send/2/0", [0]).result == 9)
        }

        // MARK: Time and memory

        @Test func `slow heads and bodies, and connections without requests, end`() throws {
            let culvert = try MethodTunnels.start(
                "--head-timeout",
                "400ms",
                "--body-timeout",
                "300ms"
            )
            let session = try MethodSession(culvert)
            try session.make()
            let slow = try Stream(to: culvert.endpoint)
            try slow.send("GET /tunnel/")
            #expect(try slow.receiveHead().hasPrefix("HTTP/1.1 408 "))
            let kept = try Stream(to: culvert.endpoint)
            try kept.send(session.request("GET", "-/poll/0/0/0/9"))
            #expect(try MethodSession.reply(on: kept).result == 0)
            let request = session.request("PUT", "-/send/0/0", [0, 0])
            try kept.send(Array(request.prefix(40)))
            #expect(try kept.receiveHead().hasPrefix("HTTP/1.1 408 "))
            let half = try Stream(to: culvert.endpoint)
            try half.send(Array(request.dropLast()))
            #expect(try half.receiveHead().hasPrefix("HTTP/1.1 408 "))
            for stream in [slow, kept, half] { stream.close() }
            _ = try session.ask("DELETE", "-/quit")
            try culvert.expectEmpty()
        }

        @Test func `a session that its client has left ends, and so do its streams`() throws {
            let culvert = try MethodTunnels.start("--session-grace", "10s")
            let origin = try Origin()
            let session = try MethodSession(culvert)
            try session.make()
            try session.open(4096, origin.authority)
            let upstream = try origin.accept()
            let start = ContinuousClock.now
            #expect(try upstream.receiveToEnd().end == .reset)
            #expect(ContinuousClock.now - start > .seconds(9))
            #expect(try culvert.end(of: origin.authority)["reason"] as? String == "session_ended")
            #expect(try session.poll(wait: 0).result == 1)
            try culvert.expectEmpty()
        }

        @Test func `requests that wait cost next to nothing`() throws {
            let culvert = try MethodTunnels.start(
                "--workers",
                "1",
                "--max-sessions-per-user",
                "200",
                "--park-after",
                "50ms"
            )
            func park(_ count: Int) throws -> [(MethodSession, [Stream])] {
                try (0..<count).map { _ in
                    let session = try MethodSession(culvert)
                    try session.make()
                    let streams = try (0..<4).map { lane in
                        let stream = try Stream(to: culvert.endpoint)
                        try stream.send(session.request("GET", "-/poll/\(lane)/0/50/9999"))
                        return stream
                    }
                    return (session, streams)
                }
            }
            let first = try park(20)
            usleep(300_000)
            let before = try culvert.residentKilobytes()
            let others = try park(180)
            usleep(300_000)
            #expect(try culvert.residentKilobytes() - before < 720 * 5)
            #expect(try culvert.status()["carriers"] == 800)
            for (session, streams) in first + others {
                #expect(try session.ask("DELETE", "-/quit").result == 0)
                for stream in streams {
                    #expect(try MethodSession.reply(on: stream).result == 1)
                    stream.close()
                }
            }
            try culvert.expectEmpty()
        }

        @Test func `thousands of requests and full windows take bounded memory`() throws {
            let culvert = try MethodTunnels.start("--workers", "1", "--max-sessions-per-user", "64")
            let origin = try Origin()
            // Whoever fills all it may: each session its window, on as many streams.
            let before = try culvert.residentKilobytes()
            var sessions: [MethodSession] = []
            var upstreams: [Stream] = []
            for _ in 0..<20 {
                let session = try MethodSession(culvert)
                try session.make()
                for slot in UInt32(0)..<4 {
                    try session.open(4096 + slot, origin.authority)
                    upstreams.append(try origin.accept())
                    for start in stride(from: 0, to: 1 << 19, by: 32768) {
                        let bytes = Array(Pattern.outbound.piece(at: start, 32768))
                        let position = UInt64(start)
                        let reply = try session.send(
                            [Frame(.data, stream: 4096 + slot, position: position, payload: bytes)]
                        )
                        try #require(reply.result == 0)
                    }
                }
                sessions.append(session)
            }
            // 40 MiB of windows, and what the tunnels hold for slow upstreams.
            let full = try culvert.residentKilobytes()
            #expect(full - before < 68 << 10, "\(full - before)")
            for session in sessions { _ = try session.ask("DELETE", "-/quit") }
            for _ in 0..<2000 { _ = try MethodSession(culvert).poll(wait: 0) }
            try culvert.expectEmpty()
            let after = try culvert.residentKilobytes()
            #expect(after - before < 24 << 10, "\(after - before)")
        }
    }
}

extension [UInt8] {
    fileprivate func replacingFirst(with byte: UInt8) -> [UInt8] { [byte] + dropFirst() }
}

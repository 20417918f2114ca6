import Foundation
import Testing

extension EndToEndTests {
    /// Clients of the tunnel without CONNECT that break off wherever they are.
    @Suite struct MethodChaos {
        private typealias Frame = MethodSession.Frame

        /// What a client has begun when it breaks off.
        private enum Act: CaseIterable {
            case head, body, poll, flow, wait, unread, quit, end, behind
        }

        /// One client that makes a session, opens a stream, and breaks off in the midst of `act`.
        private func live(
            _ act: Act,
            _ culvert: Culvert,
            _ authority: String,
            _ hole: String
        ) throws {
            let session = try MethodSession(culvert)
            try session.make()
            try #require(try session.open(4096, authority).result == 0)
            let bytes = Array(Pattern.outbound.piece(at: 0, 60_000))
            let data = Frame(.data, stream: 4096, payload: bytes)
            try session.send([data])
            let stream = try Stream(to: culvert.endpoint)
            let upload = session.request("PUT", "-/send/1/0", Frame(.pad).bytes + data.bytes)
            switch act {
            case .head: try stream.send(Array(upload.prefix(60)))
            case .body: try stream.send(Array(upload.dropLast(30_000)))
            case .poll: try stream.send(session.request("GET", "-/poll/2/0/50/9999"))
            case .flow: try stream.send(session.request("GET", "-/flow/0/0/50/9999999"))
            case .wait:
                try stream.send(session.request("POST", "-/open/4097", Array(hole.utf8)))
            case .unread:
                try stream.send(session.request("GET", "-/poll/0/0/50/9999999"))
                #expect(Readiness.comes(stream.descriptor, POLLIN, within: 20_000))
            case .quit:
                try stream.send(session.request("GET", "-/flow/0/0/50/9999999"))
                _ = try session.ask("DELETE", "-/quit")
            case .end:
                _ = try session.ask("DELETE", "-/end/4096")
                try stream.send(session.request("GET", "-/flow/0/0/50/9999999"))
            case .behind:
                let polls = (0..<50).flatMap { _ in session.request("GET", "-/poll/0/0/0/9999") }
                try stream.send(polls)
            }
            Bool.random() ? stream.reset() : stream.close()
            if Bool.random(), act != .quit {
                #expect(try session.ask("DELETE", "-/quit").result == 0)
            }
        }

        @Test func `wherever clients break off, nothing is left of them`() throws {
            let culvert = try MethodTunnels.start(
                "--workers",
                "2",
                "--session-grace",
                "10s",
                "--max-sessions-per-user",
                "1000"
            )
            let origin = try Origin.echo()
            let hole = try BlackHole()
            for round in 0..<20 {
                for act in Act.allCases {
                    do {
                        try live(act, culvert, origin.authority, hole.authority)
                    } catch {
                        Issue.record("\(act) in round \(round): \(error)")
                    }
                }
            }
            // Those who said nothing more are forgotten after the grace time.
            try culvert.wait(until: "sessions", is: 0)
            #expect(try culvert.status()["sessions"] == 0)
            try culvert.expectEmpty()
            #expect(try culvert.status()["carriers"] == 0)
            #expect(try MethodSession(culvert).make().result == 0)
        }

        @Test func `what a proxy on the way does to requests changes nothing`() throws {
            let culvert = try MethodTunnels.start("--workers", "1")
            let origin = try Origin()
            let session = try MethodSession(culvert)
            try session.make()
            let stream = try Stream(to: culvert.endpoint)
            let body = Array(origin.authority.utf8)
            let text = String(decoding: session.request("POST", "-/open/4096", body), as: UTF8.self)
            // The target in absolute form, fields in another case, and some of its own.
            let changed = text.replacing("POST /", with: "POST http://a.test:80/")
                .replacing("Tunnel-Session:", with: "tunnel-session:")
                .replacing("\r\nHost:", with: "\r\nVia: 1.1 a\r\nX-Forwarded-For: b\r\nHost:")
            try stream.send(changed)
            #expect(try MethodSession.reply(on: stream).result == 0)
            // It drops the field that it doesn't know, and speaks HTTP/1.0.
            let named = session.request(
                "GET",
                "\(session.id)/poll/0/0/0/100",
                version: "1.0",
                fields: "Connection: keep-alive\r\n"
            )
            for _ in 0..<2 {
                try stream.send(named)
                let reply = try MethodSession.reply(on: stream)
                #expect(reply.result == 0)
                #expect(reply.head.contains("Connection: keep-alive\r\n"))
            }
        }
    }
}

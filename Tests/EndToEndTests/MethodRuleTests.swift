import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Streams of sessions are held to what holds for every tunnel: TLS, rules, limits, times.
    @Suite struct MethodRules {
        private typealias Frame = MethodSession.Frame

        private func open(_ culvert: Culvert, _ origin: Origin) throws -> MethodSession {
            let session = try MethodSession(culvert)
            try session.make()
            try #require(try session.open(4096, origin.authority).result == 0)
            return session
        }

        private func isReset(_ code: UInt8) -> ([Frame]) -> Bool {
            { $0.contains(Frame(.reset, code: code, stream: 4096)) }
        }

        // MARK: TLS

        @Test func `a stream that must be TLS is held until it is, and then goes on`() throws {
            let origin = try Origin()
            let culvert = try MethodTunnels.start("--tls-ports", "\(origin.endpoint.port)")
            let session = try open(culvert, origin)
            let upstream = try origin.accept()
            try upstream.send("220 first")
            let hello = ClientHello("curl").bytes
            var offset = 0
            for piece in [hello.prefix(5), hello.dropFirst(5).dropLast(1)] {
                let frame = Frame(
                    .data,
                    stream: 4096,
                    position: UInt64(offset),
                    payload: Array(piece)
                )
                try session.send([frame])
                offset += piece.count
            }
            #expect(!Readiness.comes(upstream.descriptor, POLLIN, within: 100))
            #expect(try session.poll(wait: 0).rest == [])
            let rest = hello.suffix(1) + Pattern.outbound.piece(at: 0, 20_000)
            let last = Frame(
                .data,
                stream: 4096,
                position: UInt64(offset),
                payload: Array(rest)
            )
            try session.send([last])
            let count = hello.count + 20_000
            #expect(try upstream.receive(exactly: count) == hello.dropLast() + rest)
            let frames = try session.frames { $0.contains { $0.kind == 1 } }
            #expect(frames.contains { $0.payload == Array("220 first".utf8) })
        }

        @Test func `a stream that isn't the TLS that it must be is reset unbegun`() throws {
            let origin = try Origin()
            let culvert = try MethodTunnels.start("--tls-ports", "\(origin.endpoint.port)")
            let session = try open(culvert, origin)
            let upstream = try origin.accept()
            try session.send([Frame(.data, stream: 4096, payload: Array("SSH-2.0".utf8))])
            #expect(try upstream.receiveToEnd().bytes == [])
            _ = try session.frames(until: isReset(0))
            let end = try culvert.end(of: origin.authority)
            #expect(end["reason"] as? String == "not-tls" && end["way"] as? String == "method")
            #expect(try culvert.status()["not_tls"] == 1)
        }

        // MARK: Rules, limits and times

        @Test func `rules decide on streams by user, host and client`() throws {
            let folder = try Folder()
            try folder.write(
                "policy",
                Data(
                    """
                    rules:
                      - name: this machine
                        action: allow
                        networks: 127.0.0.1/32
                        clients: 127.0.0.1
                        ports: any
                    """.utf8
                )
            )
            let culvert = try Culvert([
                "--method-tunnel", "/tunnel", "--policy", folder.path("policy"),
            ])
            let origin = try Origin()
            let session = try open(culvert, origin)
            let open = try culvert.record("open")
            #expect(open["rule"] as? String == "this machine")
            let denied = try session.open(4097, "127.0.0.2:9")
            #expect(denied.result == 6 && denied.refusedStatus == 403)
            #expect(String(decoding: denied.rest, as: UTF8.self) == "http_request_denied")
        }

        @Test func `streams count as tunnels, in all and of a client`() throws {
            let origin = try Origin()
            for flag in ["--max-tunnels", "--max-tunnels-per-client"] {
                let culvert = try MethodTunnels.start(flag, "3", "--workers", "2")
                let session = try open(culvert, origin)
                for number in UInt32(4097)...4098 {
                    #expect(try session.open(number, origin.authority).result == 0)
                }
                let last = try session.open(4099, origin.authority)
                #expect(last.result == 6 && last.refusedStatus == 503)
                _ = try session.ask("DELETE", "-/end/4096")
                #expect(try session.open(4100, origin.authority).result == 0)
            }
        }

        @Test func `a client may have some more connections than tunnels`() throws {
            let culvert = try MethodTunnels.start("--max-tunnels-per-client", "4", "--workers", "1")
            let session = try MethodSession(culvert)
            try session.make()
            var kept: [Stream] = []
            for index in 0..<30 {
                let stream = try Stream(to: culvert.endpoint)
                try stream.send(session.request("GET", "-/poll/0/0/0/9"))
                let reply = try MethodSession.reply(on: stream)
                #expect(reply.status == (index < 20 ? 200 : 503), "\(index)")
                if index < 20 { kept.append(stream) }
            }
            kept.removeAll()
            try culvert.awaitCarriers(0)
            #expect(try session.poll(wait: 0).result == 0)
        }

        @Test(
            arguments: [
                (["--idle-timeout", "400ms"], 3, "idle_timeout"),
                (["--max-lifetime", "400ms"], 6, "lifetime"),
            ] as [([String], UInt8, String)]
        )
        func `a stream has the times of a tunnel`(
            _ flags: [String],
            _ code: UInt8,
            _ reason: String
        ) throws {
            let culvert = try Culvert(MethodTunnels.flags + flags)
            let origin = try Origin()
            let session = try open(culvert, origin)
            let upstream = try origin.accept()
            _ = try session.frames(until: isReset(code))
            #expect(try upstream.receiveToEnd().bytes == [])
            #expect(try culvert.end(of: origin.authority)["reason"] as? String == reason)
        }

        // MARK: Draining

        @Test func `a drain is told, refuses what is new, and lets streams end`() throws {
            let culvert = try MethodTunnels.start("--workers", "1")
            let origin = try Origin()
            let session = try open(culvert, origin)
            let upstream = try origin.accept()
            try upstream.send("begun")
            // The connections that there are go on; no new ones are accepted.
            let lanes = try (0..<2).map { _ in try Stream(to: culvert.endpoint) }
            func ask(_ method: String, _ target: String, _ body: [UInt8] = []) throws
                -> MethodSession.Reply
            {
                try lanes[0].send(session.request(method, target, body))
                return try MethodSession.reply(on: lanes[0])
            }
            let first = try ask("GET", "-/poll/0/0/20/10000")
            #expect(Frame.all(in: first.rest).map(\.payload) == [Array("begun".utf8)])
            try lanes[1].send(session.request("GET", "-/poll/0/21/50/10000"))
            #expect(!Readiness.comes(lanes[1].descriptor, POLLIN, within: 50))
            culvert.signal(SIGTERM)
            let told = try MethodSession.reply(on: lanes[1])
            #expect(Frame.all(in: told.rest) == [Frame(.drain)])
            #expect(try ask("POST", "-/open/4097", Array(origin.authority.utf8)).result == 10)
            #expect(try ask("POST", "make/1", MethodSession.nonce()).result == 10)
            try upstream.send("ended")
            try upstream.finish()
            let last = try ask("GET", "-/poll/0/37/20/10000")
            var lane = last.rest
            let end = Frame(.end, stream: 4096).bytes
            #expect(try ask("PUT", "-/send/0/0", end).result == 0)
            while !Frame.all(in: lane).contains(Frame(.done, stream: 4096)) {
                lane += try ask("GET", "-/poll/0/\(37 + lane.count)/20/10000").rest
            }
            #expect(Frame.all(in: lane).contains(Frame(.end, stream: 4096, position: 10)))
            // All has been told, and that is known: nothing is left.
            #expect(try ask("GET", "-/poll/0/\(37 + lane.count)/20/10000").rest == [])
            #expect(culvert.waitForEnd() == 0)
            let record = try culvert.end(of: origin.authority)
            #expect(record["reason"] as? String == "closed")
        }

        @Test func `a flow on which nothing more can come ends at once in a drain`() throws {
            let culvert = try MethodTunnels.start("--workers", "1", "--drain-timeout", "1h")
            let session = try MethodSession(culvert)
            try session.make()
            let flow = try Stream(to: culvert.endpoint)
            try flow.send(session.request("GET", "-/flow/0/0/50/100000"))
            #expect(try flow.receiveHead().contains("chunked"))
            #expect(try MethodSession.chunk(on: flow)?.count == 24)
            culvert.signal(SIGTERM)
            #expect(try MethodSession.chunk(on: flow) == Frame(.drain).bytes)
            #expect(try MethodSession.chunk(on: flow) == nil)
            // With the next request the client says that it has all.
            try flow.send(session.request("GET", "-/flow/0/16/50/100000"))
            #expect(culvert.waitForEnd() == 0)
        }

        @Test func `a client that is not heard does not hold up a drain to its end`() throws {
            let culvert = try MethodTunnels.start("--drain-timeout", "3s")
            let origin = try Origin()
            let session = try open(culvert, origin)
            let upstream = try origin.accept()
            try upstream.send("never fetched")
            culvert.signal(SIGTERM)
            #expect(try upstream.receiveToEnd().bytes == [])
            #expect(culvert.waitForEnd() == 0)
            #expect(try culvert.end(of: origin.authority)["reason"] as? String == "session_ended")
            #expect(!session.id.isEmpty)
        }
    }
}

extension Culvert {
    /// Waits until there are `count` connections that carry requests of sessions.
    fileprivate func awaitCarriers(_ count: Int) throws {
        for _ in 0..<300 {
            if try status()["carriers"] == count { return }
            usleep(10_000)
        }
        Issue.record("there are other carriers left")
    }
}

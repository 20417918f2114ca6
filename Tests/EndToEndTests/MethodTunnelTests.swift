import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// The tunnel without CONNECT, with a client that was written from its document alone, and with
    /// requests as that has them.
    @Suite struct MethodTunnels {
        static let flags = Culvert.openFlags + ["--method-tunnel", "/tunnel"]
        private typealias Frame = MethodSession.Frame

        static func start(_ flags: String...) throws -> Culvert {
            try Culvert(Self.flags + flags)
        }

        /// The client in Python.
        private func run(
            _ culvert: Culvert,
            _ authority: String,
            _ options: [String] = [],
            input: String = ""
        ) throws -> Program.Outcome {
            let script = Program.script("method_tunnel.py")
            let arguments = [script, "\(culvert.url)/tunnel", authority] + options
            return try Program.run(Program.python, arguments, input: input)
        }

        private func text(_ count: Int) -> String {
            (0..<count / 8).map { String(format: "%07d\n", $0) }.joined()
        }

        @Test(
            arguments: [[], ["--poll"], ["--override"], ["--poll", "--override"]],
            ["1", "4"]
        )
        func `an echo comes back byte for byte`(_ options: [String], _ workers: String) throws {
            let culvert = try Self.start("--workers", workers)
            let origin = try Origin.echo()
            let input = text(400_000)
            let outcome = try run(culvert, origin.authority, options, input: input)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output == input, "\(outcome.output.utf8.count) bytes")
            let open = try culvert.record("open") { $0["way"] as? String == "method" }
            let end = try culvert.end(of: origin.authority)
            #expect(open["id"] as? String == end["id"] as? String)
            #expect(end["way"] as? String == "method" && end["reason"] as? String == "closed")
            #expect(end["bytes_out"] as? Int == 400_000 && end["bytes_in"] as? Int == 400_000)
            try culvert.expectEmpty()
        }

        @Test func `a stream is refused as a CONNECT would be`() throws {
            let culvert = try Culvert([
                "--method-tunnel", "/tunnel", "--allow-private", "--allow-port", "1-1023",
            ])
            for (authority, words) in [
                ("127.0.0.1:1", "refused: 502 connection_refused"),
                ("127.0.0.1:5000", "refused: 403 http_request_denied"),
                ("nowhere.invalid:443", "refused: 502 dns_error"),
                ("nowhere", "refused: 400 http_request_error"),
                ("\(culvert.endpoint)", "refused: 403 http_request_denied"),
            ] {
                let outcome = try run(culvert, authority)
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains(words), "\(authority): \(outcome.errors)")
            }
            let end = try culvert.end(of: "127.0.0.1:5000")
            #expect(end["way"] as? String == "method" && end["status"] as? Int == 403)
        }

        @Test func `nobody waits so long that his session ends meanwhile`() throws {
            let waits = [("10s", "55s", 5), ("2m", "55s", 55), ("2m", "10m", 60), ("10s", "1s", 1)]
            for (grace, poll, wait) in waits {
                let flags = ["--session-grace", grace, "--poll-timeout", poll]
                let session = try MethodSession(try Culvert(Self.flags + flags))
                try session.make()
                #expect(session.parameters[5] == wait)
            }
        }

        @Test func `each operation is answered as the document says`() throws {
            let culvert = try Self.start()
            let origin = try Origin()
            let session = try MethodSession(culvert)
            let nonce = MethodSession.nonce()
            let made = try session.make(nonce)
            #expect(made.status == 200 && made.head.contains("Cache-Control: no-store"))
            #expect(session.parameters[3] == 4 && session.parameters[8] == 120)
            #expect(try session.make(nonce).rest == made.rest)
            #expect(try session.open(4096, origin.authority).result == 0)
            #expect(try session.make(nonce).result == 5)
            let upstream = try origin.accept()
            #expect(try session.open(4096, origin.authority).result == 0)
            let hello = Frame(.data, stream: 4096, payload: Array("hello".utf8))
            #expect(try session.send([hello]).value == 21)
            #expect(try upstream.receive(exactly: 5) == Array("hello".utf8))
            // What is sent again is skipped, and a gap is told.
            #expect(try session.ask("PUT", "-/send/0/0", hello.bytes).value == 21)
            let gap = try session.ask("PUT", "-/send/0/22", [0])
            #expect(gap.status == 409 && gap.result == 2 && gap.value == 21)
            try upstream.send("welcome")
            let frames = try session.frames { !$0.isEmpty }
            #expect(
                frames == [Frame(.data, stream: 4096, payload: Array("welcome".utf8))]
            )
            // A short poll is answered at once, a repeated one with what is kept.
            #expect(try session.poll(wait: 0).rest == [])
            let stale = try session.ask("GET", "-/poll/0/0/0/100")
            #expect(stale.status == 409 && stale.result == 3 && stale.value == 23)
            #expect(try session.ask("DELETE", "-/end/4096").result == 0)
            #expect(try upstream.receiveToEnd().end == .reset)
            #expect(try session.open(4096, origin.authority).result == 5)
            #expect(try session.frames { $0.count == 2 }.last == Frame(.done, stream: 4096))
            #expect(try session.ask("DELETE", "-/quit").result == 0)
            let gone = try session.ask("DELETE", "-/quit")
            #expect(gone.status == 404 && gone.result == 1)
            // Its id is good for nothing any more.
            #expect(try session.poll(wait: 0).result == 1)
            #expect(try session.send([hello]).result == 1)
            #expect(try session.open(8192, origin.authority).result == 1)
            #expect(try session.ask("DELETE", "-/end/4096").result == 1)
            #expect(try session.ask("GET", "-/flow/0/0/1/100").result == 1)
            try culvert.expectEmpty()
        }

        @Test func `half a close is passed on, and so is a reset`() throws {
            let culvert = try Self.start()
            let origin = try Origin()
            let session = try MethodSession(culvert)
            try session.make()
            try session.open(4096, origin.authority)
            let first = try origin.accept()
            try session.send([Frame(.end, stream: 4096)])
            #expect(try first.receiveToEnd().end == .fin)
            try first.send("last")
            try first.finish()
            let ended = try session.frames { $0.contains { $0.kind == 5 } }
            #expect(ended.contains(Frame(.end, stream: 4096, position: 4)))
            try session.open(8192, origin.authority)
            try origin.accept().reset()
            let reset = try session.frames { $0.contains { $0.kind == 3 } }
            #expect(reset.contains(Frame(.reset, code: 1, stream: 8192)))
        }

        @Test func `without the flag, and for other paths, all is as before`() throws {
            let plain = try Culvert(Culvert.openFlags)
            let culvert = try Self.start()
            for (culvert, path) in [
                (plain, "/tunnel/make/1"), (culvert, "/tunnels"), (culvert, "/"),
            ] {
                let stream = try Stream(to: culvert.endpoint)
                try stream.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                let head = try stream.receiveHead()
                #expect(head.hasPrefix("HTTP/1.1 405 ") && head.contains("Allow: CONNECT\r\n"))
                #expect(try stream.receiveToEnd().end == .fin)
            }
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// What a client does where the network, the server, a program or the machine doesn't go on.
    @Suite struct ClientFaults {
        // MARK: Networks

        /// Carries some bytes each way through a client of `server`, and gives the client back.
        private func carry(_ server: FarServer, _ count: Int = 1 << 20) throws -> Culvert {
            let client = try Culvert.client(server.url)
            let origin = try Origin.echo()
            let stream = try Stream.tunnel(client, to: origin.authority)
            try Crew.run([
                {
                    try stream.send(.outbound, 0..<count)
                    try stream.finish()
                },
                {
                    let (received, end) = try stream.receiveToEnd(.outbound)
                    #expect(received == count && end == .fin)
                },
            ])
            server.expectNoViolation()
            return client
        }

        /// Expects that `client` ends in order, and had nothing to complain of.
        private func expectQuiet(_ client: Culvert) {
            #expect(client.stop() == 0)
            let complaints = client.journal.allAtEnd().filter { $0.contains("failing") }
            #expect(complaints == [])
        }

        private func expectPolling(_ mode: String, _ flags: [String]) throws {
            let server = try FarServer(flags)
            let client = try carry(server)
            let record = try client.record("polling") { $0["detail"] as? String == mode }
            #expect(record["event"] != nil)
            // What was found out serves as well.
            let origin = try Origin.echo()
            let stream = try Stream.tunnel(client, to: origin.authority, early: [7])
            #expect(try stream.receive(exactly: 1) == [7])
        }

        @Test func `where bytes come as they are sent it lets them stream`() throws {
            try expectPolling("streaming", [])
        }

        @Test func `where answers come only whole it polls long`() throws {
            try expectPolling("long_poll", ["--buffers"])
        }

        @Test func `where answers may take no time it polls short`() throws {
            try expectPolling("short_poll", ["--cut-after", "1"])
        }

        @Test func `where methods are forbidden it uses POST, and says nothing`() throws {
            let server = try FarServer(["--deny", "PUT,DELETE"])
            try expectQuiet(carry(server))
            server.expectNoViolation()
        }

        @Test func `where the field of the session is dropped it is named in the target`() throws {
            let server = try FarServer(["--drop-field"])
            try expectQuiet(carry(server))
            server.expectNoViolation()
        }

        @Test func `where large bodies are refused it sends small ones`() throws {
            let server = try FarServer(["--body-max", "4096"])
            try expectQuiet(carry(server, 1 << 18))
            server.expectNoViolation()
        }

        // MARK: The server

        @Test func `a server that has lost the session gets a new one`() throws {
            let origin = try Origin.echo()
            let first = try FarServer()
            let port = first.port
            let client = try Culvert.client(first.url)
            let stream = try Stream.tunnel(client, to: origin.authority, early: [1])
            #expect(try stream.receive(exactly: 1) == [1])
            first.stop()
            let second = try FarServer(port: port)
            #expect(try stream.receiveToEnd().end == .reset)
            _ = try client.record("session_lost")
            #expect(try client.end(of: origin.authority)["reason"] as? String == "session_lost")
            let other = try Stream.tunnel(client, to: origin.authority, early: [2])
            #expect(try other.receive(exactly: 1) == [2])
            second.expectNoViolation()
        }

        @Test func `without a server programs are told at once, and the operator, too`() throws {
            let server = try FarServer(["--grace", "10"])
            let client = try Culvert.client(server.url, ["--name", "near"])
            server.stop()
            let words = "refuses connections; check that it runs"
            _ = try client.notices.first(within: 40) { $0.contains(words) }
            _ = try client.record("failing")
            _ = try client.record("session_lost")
            let stream = try Stream(to: client.endpoint)
            try stream.send("CONNECT host.example:443 HTTP/1.1\r\nHost: host.example\r\n\r\n")
            let answer = String(decoding: try stream.receiveToEnd().bytes, as: UTF8.self)
            #expect(
                answer.hasPrefix("HTTP/1.1 502 Bad Gateway\r\nProxy-Status: near; error=connection")
            )
        }

        @Test func `without a server all that come to a forwarded port at once are reset`()
            throws
        {
            let server = try FarServer(["--grace", "10"])
            let port = try Origin.freePort()
            let client = try Culvert.client(server.url, ["--forward", "\(port)=host.example:1"])
            server.stop()
            _ = try client.record("session_lost")
            _ = try client.record("failing")
            let endpoint = try #require(Endpoint("127.0.0.1:\(port)"))
            try Crew.share(200, width: 20) { _ in
                let end = try Stream(to: endpoint).receiveToEnd().end
                #expect(end == .reset)
            }
            #expect(client.stop() == 0)
        }

        // MARK: Programs

        @Test func `a program that reads nothing holds up no other`() throws {
            let origin = try Origin()
            let server = try FarServer()
            let client = try Culvert.client(server.url)
            let stalled = try Stream.tunnel(client, to: origin.authority, receiveBuffer: 8192)
            let source = try origin.accept()
            let sent = try source.fill(.inbound, within: 1000)
            #expect(sent > 1 << 20)
            let stream = try Stream.tunnel(client, to: origin.authority)
            let other = try origin.accept()
            let count = 4 << 20
            try Crew.run([
                { try other.send(.inbound, 0..<count) },
                { try stream.receive(.inbound, 0..<count) },
            ])
            // What was held back comes when it is wanted.
            try source.finish()
            let (received, end) = try stalled.receiveToEnd(.inbound)
            #expect(received == sent && end == .fin)
        }

        @Test func `targets that read nothing hold up no other`() throws {
            let origin = try Origin()
            let server = try Culvert(MethodTunnels.flags)
            let client = try Culvert.client("\(server.url)/tunnel")
            let stalled = try (0..<8).map { _ in
                let near = try Stream.tunnel(client, to: origin.authority)
                let far = try origin.accept()
                return (near, far, try near.fill(.outbound))
            }
            let stream = try Stream.tunnel(client, to: origin.authority)
            let other = try origin.accept()
            let count = 4 << 20
            try Crew.run([
                { try stream.send(.outbound, 0..<count) },
                { try other.receive(.outbound, 0..<count) },
            ])
            for (near, far, sent) in stalled {
                try near.finish()
                let (received, end) = try far.receiveToEnd(.outbound)
                #expect(received == sent && end == .fin)
            }
        }

        @Test(arguments: Side.allCases)
        func `a half-closed stream that stands still costs no time`(sender: Side) throws {
            let origin = try Origin()
            let server = try Culvert(MethodTunnels.flags)
            let client = try Culvert.client("\(server.url)/tunnel")
            let near = try Stream.tunnel(client, to: origin.authority, receiveBuffer: 8192)
            let far = try origin.accept()
            let (source, sink) = sender == .client ? (near, far) : (far, near)
            var (sent, taken) = (0, 0)
            if sender == .client {
                // With some of it taken, the rest fits into what is on the way, and the end, too.
                sent = try source.fill(sender.pattern)
                taken = sent / 4
                try sink.receive(sender.pattern, 0..<taken)
                try source.finish()
            } else {
                try near.finish()
                #expect(try far.receive(1) == [])
                sent = try source.fill(sender.pattern)
            }
            let before = try client.processorTicks()
            Thread.sleep(forTimeInterval: 1)
            #expect(try client.processorTicks() - before <= 20)
            if sender == .upstream { try source.finish() }
            try sink.receive(sender.pattern, taken..<sent)
            #expect(try sink.receive(1) == [])
        }

        @Test(arguments: Side.allCases)
        func `a half-close is passed on, and the other direction goes on`(side: Side) throws {
            let origin = try Origin()
            let server = try FarServer()
            let client = try Culvert.client(server.url)
            let near = try Stream.tunnel(client, to: origin.authority)
            let far = try origin.accept()
            let (first, last) = side == .client ? (near, far) : (far, near)
            try first.send("all")
            try first.finish()
            #expect(try last.receiveToEnd().bytes == Array("all".utf8))
            try last.send("more")
            #expect(try first.receive(exactly: 4) == Array("more".utf8))
            try last.finish()
            #expect(try first.receiveToEnd().end == .fin)
            #expect(try client.end(of: origin.authority)["reason"] as? String == "closed")
        }

        @Test(arguments: Side.allCases)
        func `a reset is passed on`(side: Side) throws {
            let origin = try Origin()
            let server = try FarServer()
            let client = try Culvert.client(server.url)
            let near = try Stream.tunnel(client, to: origin.authority)
            let far = try origin.accept()
            (side == .client ? near : far).reset()
            #expect(try (side == .client ? far : near).receiveToEnd().end == .reset)
            #expect(try client.end(of: origin.authority)["reason"] as? String == "reset")
            // The slot is used again.
            let next = try Stream.tunnel(client, to: origin.authority)
            let other = try origin.accept()
            try next.send("x")
            #expect(try other.receive(exactly: 1) == Array("x".utf8))
        }

        // MARK: Ending

        @Test func `a drain lets tunnels end, and takes no more`() throws {
            let origin = try Origin.echo()
            let server = try FarServer()
            let client = try Culvert.client(server.url)
            let stream = try Stream.tunnel(client, to: origin.authority, early: [1])
            client.signal(SIGTERM)
            _ = try client.notices.first { $0.contains("draining: 1 tunnels are left") }
            try stream.send([2])
            #expect(try stream.receive(exactly: 2) == [1, 2])
            #expect(throws: Stream.Failure.self) { try Stream(to: client.endpoint) }
            try stream.finish()
            #expect(try stream.receiveToEnd().end == .fin)
            #expect(client.waitForEnd() == 0)
        }

        @Test func `a second signal ends tunnels at once, and so does the end of the drain`() throws
        {
            let origin = try Origin.echo()
            let server = try FarServer()
            for flags in [[], ["--drain-timeout", "100ms"]] {
                let client = try Culvert.client(server.url, flags)
                let stream = try Stream.tunnel(client, to: origin.authority, early: [1])
                #expect(try stream.receive(exactly: 1) == [1])
                client.signal(SIGTERM)
                _ = try client.notices.first { $0.contains("draining: 1 tunnels are left") }
                if flags.isEmpty { client.signal(SIGTERM) }
                #expect(try stream.receiveToEnd().end == .reset)
                #expect(client.waitForEnd() == 0)
            }
            server.expectNoViolation()
        }
    }
}

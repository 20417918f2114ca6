import Internet
import Testing

extension EndToEndTests {
    /// Bytes that clients send behind the head without waiting for the answer.
    @Suite struct EarlyBytes {
        private static func head(_ authority: String) -> String {
            "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\r\n"
        }

        /// Counts of bytes: one, as many as fill the block of the head to its last byte, one more
        /// than that, and many.
        private static func counts(_ origin: Origin) -> [Int] {
            let block = 16384 - head(origin.authority).utf8.count
            return [1, block, block + 1, 300_000]
        }

        @Test(arguments: Culvert.relayModes)
        func `they and the FIN behind them reach the upstream`(mode: String) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode])
            let descriptors = try culvert.workerDescriptors
            for count in Self.counts(try Origin()) {
                let origin = try Origin()
                let client = try Stream(to: culvert.endpoint)
                // All of it is there when the proxy looks first.
                try culvert.pause()
                let early = Array(Pattern.outbound.piece(at: 0, Pattern.pieceMax).prefix(count))
                try client.send(Array(Self.head(origin.authority).utf8) + early)
                try client.send(.outbound, early.count..<count)
                try client.finish()
                culvert.resume()
                let upstream = try origin.accept()
                let (received, end) = try upstream.receiveToEnd(.outbound)
                #expect(received == count && end == .fin)
                try upstream.send("answer")
                try upstream.finish()
                #expect(try client.receiveHead().hasPrefix("HTTP/1.1 200 "))
                let (bytes, clientEnd) = try client.receiveToEnd()
                #expect(bytes == Array("answer".utf8) && clientEnd == .fin)
                let record = try culvert.end(of: origin.authority)
                #expect(record["reason"] as? String == "closed")
                #expect(record["bytes_out"] as? Int == count)
            }
            try culvert.expectEmpty(descriptors: descriptors)
        }

        @Test(arguments: Culvert.relayModes)
        func `a stalled upstream gets all of them in the end`(mode: String) throws {
            let small = ["--send-buffer", "8KiB", "--relay", mode]
            let culvert = try Culvert(Culvert.openFlags + small)
            let origin = try Origin()
            let early = Array(Pattern.outbound.piece(at: 0, 16000))
            let client = try Stream.tunnel(culvert, to: origin.authority, early: early)
            let sent = try client.fill(.inbound, upTo: 100_000)
            try client.finish()
            let upstream = try origin.accept()
            try upstream.receive(.outbound, 0..<16000)
            let (count, end) = try upstream.receiveToEnd(.inbound)
            #expect(count == sent && end == .fin)
        }

        @Test(arguments: [
            (["--allow-port", "any"], "destination_ip_prohibited"),
            (["--allow-private"], "http_request_denied"),
            (
                ["--allow-port", "any", "--allow-private", "--max-tunnels", "1"],
                "connection_limit_reached"
            ),
        ])
        func `an upstream that is refused sees neither them nor a connection`(
            flags: [String],
            word: String
        ) throws {
            let culvert = try Culvert(flags)
            // Where a limit is to be met, it is.
            let other = try flags.contains("--max-tunnels") ? Tunnel(culvert) : nil
            let origin = try Origin()
            let refused = try culvert.ask(for: origin.authority, early: "early bytes")
            #expect(refused.word == word && refused.isWhole)
            #expect(origin.hasNoVisitor)
            withExtendedLifetime(other) {}
        }

        @Test(arguments: [302, 403, 407, 500])
        func `a parent that refuses sees none of them`(status: Int) throws {
            let parent = try Origin()
            let (culvert, _) = try Parents.start(parent.authority)
            let early = Array("GET /secret HTTP/1.1\r\nHost: a.test\r\n\r\n".utf8)
            let client = try Stream.asking(culvert, for: "a.test:443", early: early)
            let upstream = try parent.accept()
            _ = try upstream.receiveHead()
            try upstream.send("HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n")
            #expect(try Refused(from: client).status == (status == 407 ? 502 : status))
            #expect(try upstream.receiveToEnd().bytes == [])
        }

        @Test func `only the winner of a race sees them`() throws {
            let origin = try Origin("127.0.0.3")
            let port = origin.endpoint.port
            let hole = try BlackHole("127.0.0.1", port: port)
            let names = try NameServer { _ in .addresses(["127.0.0.1", "127.0.0.2", "127.0.0.3"]) }
            let culvert = try Culvert(Culvert.openFlags + names.flags)
            let authority = "race.test:\(port)"
            let client = try Stream.tunnel(culvert, to: authority, early: Array("early".utf8))
            #expect(try origin.accept().receive(exactly: 5) == Array("early".utf8))
            client.close()
            _ = try culvert.end(of: authority)
            // Nobody is in the queue of the loser but who made it full.
            #expect(try hole.open().count == 1)
        }
    }
}

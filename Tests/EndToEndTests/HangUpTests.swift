import Internet
import Testing

extension EndToEndTests {
    /// Clients that go, or only stop sending, while their target is looked for.
    @Suite struct HangUps {
        private static let flags =
            Culvert.openFlags + ["--connect-timeout", "1h", "--resolve-timeout", "1h"]

        /// A client that has asked for `authority`, once a single worker has begun to serve it.
        private func ask(_ culvert: Culvert, _ authority: String, early: String = "") throws
            -> Stream
        {
            let client = try Stream(to: culvert.endpoint)
            try client.send("CONNECT \(authority) HTTP/1.1\r\nHost: a\r\n\r\n\(early)")
            try culvert.handleAll()
            return client
        }

        /// Expects that the request for `authority` has ended because its client has gone, and that
        /// nothing is left of it.
        private func expectLeft(_ culvert: Culvert, _ authority: String) throws {
            let end = try culvert.end(of: authority)
            #expect(end["reason"] as? String == "client_left")
            #expect(end["ended_by"] as? String == "client")
            #expect(end["status"] as? Int == 0)
            #expect(end["bytes_out"] as? Int == 0)
            try culvert.expectEmpty()
        }

        @Test(arguments: ["", "early bytes"])
        func `a reset while the target is dialled ends the request`(early: String) throws {
            let culvert = try Culvert(Self.flags + ["--workers", "1"])
            let hole = try BlackHole()
            let client = try ask(culvert, hole.authority, early: early)
            client.reset()
            try expectLeft(culvert, hole.authority)
        }

        @Test(arguments: ["", "early bytes"])
        func `a reset while the name is looked up ends the request`(early: String) throws {
            let names = try NameServer { _ in .silence }
            let culvert = try Culvert(Self.flags + names.flags + ["--workers", "1"])
            let client = try ask(culvert, "silent.test:443", early: early)
            client.reset()
            try expectLeft(culvert, "silent.test:443")
        }

        @Test func `a reset behind a FIN ends the request as well`() throws {
            let culvert = try Culvert(Self.flags + ["--workers", "1"])
            let hole = try BlackHole()
            let client = try ask(culvert, hole.authority)
            try client.finish()
            try culvert.handleAll()
            client.reset()
            try expectLeft(culvert, hole.authority)
        }

        @Test func `a reset while one of many addresses is dialled ends all attempts`() throws {
            let first = try BlackHole("127.0.0.1")
            let addresses = (1...4).map { "127.0.0.\($0)" }
            let others = try addresses.dropFirst().map {
                try BlackHole($0, port: first.endpoint.port)
            }
            let names = try NameServer { _ in .addresses(addresses) }
            let flags = names.flags + ["--workers", "1", "--attempt-delay", "10ms"]
            let culvert = try Culvert(Self.flags + flags)
            let authority = "many.test:\(first.endpoint.port)"
            let client = try ask(culvert, authority)
            client.reset()
            try expectLeft(culvert, authority)
            withExtendedLifetime(others) {}
        }

        @Test func `a FIN alone says that the client has said all, and the tunnel is opened`()
            throws
        {
            let culvert = try Culvert(Self.flags + ["--workers", "1"])
            let hole = try BlackHole()
            let client = try ask(culvert, hole.authority, early: "all I say")
            try client.finish()
            try culvert.handleAll()
            #expect(try hole.open().count == 1)
            let upstream = try hole.accept()
            let (bytes, end) = try upstream.receiveToEnd()
            #expect(bytes == Array("all I say".utf8) && end == .fin)
            try upstream.send("answer")
            try upstream.finish()
            #expect(try client.receiveHead().hasPrefix("HTTP/1.1 200 "))
            let (answer, last) = try client.receiveToEnd()
            #expect(answer == Array("answer".utf8) && last == .fin)
            let record = try culvert.end(of: hole.authority)
            #expect(record["reason"] as? String == "closed")
        }

        @Test func `a client that leaves right behind its request leaves nothing`() throws {
            let culvert = try Culvert(Self.flags)
            let origin = try Origin()
            for _ in 0..<50 {
                let client = try Stream(to: culvert.endpoint)
                try culvert.pause()
                try client.send("CONNECT \(origin.authority) HTTP/1.1\r\nHost: a\r\n\r\n")
                client.reset()
                culvert.resume()
            }
            try culvert.expectEmpty()
            #expect(culvert.stop() == 0)
            let records = culvert.journal.allAtEnd().compactMap(Culvert.record)
            let ends = records.filter { $0["event"] as? String == "end" }
            #expect(ends.count == 50)
            for end in ends {
                #expect(["reset", "client_left"].contains(end["reason"] as? String))
                #expect(end["ended_by"] as? String == "client")
            }
        }
    }
}

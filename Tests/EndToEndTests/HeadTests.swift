import Foundation
import Testing

extension EndToEndTests {
    /// Request heads that are wrong, huge, slow, or meant for somebody else's parser.
    @Suite struct Heads {
        private static let word = "http_request_error"

        @Test func `a faulty head gets one answer, and nothing behind it is read`() throws {
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            // Records are in the order of what happened only within a worker.
            let culvert = try Culvert(Culvert.openFlags + names.flags + ["--workers", "1"])
            let origin = try Origin()
            let target = origin.authority
            let behind =
                "POST / HTTP/1.1\r\nHost: \(target)\r\n\r\n"
                + "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n\r\n"
            for (head, status) in HostileHeads.all {
                let refused = try culvert.ask(head + behind)
                refused.expect(status, Self.word, "\(head.debugDescription)")
            }
            #expect(origin.hasNoVisitor)
            #expect(names.questions == [])
            try culvert.expectEmpty()
            culvert.stop()
            let records = culvert.journal.allAtEnd().compactMap(Culvert.record)
            #expect(records.count == HostileHeads.all.count)
            for (record, (head, status)) in zip(records, HostileHeads.all) {
                #expect(record["status"] as? Int == status, "\(head.debugDescription)")
                #expect(record["reason"] as? String == Self.word)
                #expect(record["ended_by"] as? String == "proxy")
                #expect(record["authority"] is NSNull)
                #expect(record["address"] is NSNull)
            }
        }

        @Test(arguments: [
            "POST / HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ])
        func `a request behind one that was refused for its target is not read`(behind: String)
            throws
        {
            let culvert = try Culvert(Culvert.openFlags)
            let port = try Origin.freePort()
            let refused = try culvert.ask(for: "127.0.0.1:\(port)", early: behind)
            refused.expect(502, "connection_refused")
            culvert.stop()
            #expect(culvert.journal.allAtEnd().count == 1)
        }

        @Test func `an upstream that refuses is never a 200`() throws {
            let culvert = try Culvert(Culvert.openFlags)
            for _ in 0..<20 {
                let refused = try culvert.ask(for: "127.0.0.1:\(Origin.freePort())")
                refused.expect(502, "connection_refused")
                #expect(!refused.text.contains("200"))
            }
            try culvert.expectEmpty()
        }

        @Test func `an answer holds no byte of the request and nothing of the machine`() throws {
            let culvert = try Culvert(Culvert.openFlags + ["--name", "edge"])
            let marker = "zebra5f2a"
            for request in [
                "", marker, "\(marker) / HTTP/1.1", "GET /\(marker) HTTP/1.1",
                "CONNECT \(marker) HTTP/1.1", "CONNECT \(marker).test:0 HTTP/1.1",
                "CONNECT a.test:1 HTTP/1.1\r\nHost: \(marker) \(marker)",
                "CONNECT a.test:1 HTTP/1.1\r\nHost: a\r\n\(marker)",
                "CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: a\r\nUser-Agent: \(marker)",
                "CONNECT \(marker).invalid:1 HTTP/1.1\r\nHost: a",
            ] {
                let refused = try culvert.ask(request + "\r\n\r\n\r\n\r\n")
                #expect(refused.isWhole, "\(request): \(refused.text)")
                #expect(!refused.text.contains(marker))
                #expect(!refused.text.lowercased().contains("culvert"))
                #expect(refused.fields["Proxy-Status"]?.hasPrefix("edge; error=") == true)
            }
        }

        @Test func `what a client says of itself is written nowhere`() throws {
            let culvert = try Culvert(Culvert.openFlags)
            let secret = "c2VjcmV0OnNlY3JldA=="
            let origin = try Origin()
            let fields = "Proxy-Authorization: Basic \(secret)\r\nUser-Agent: \(secret)\r\n"
            let client = try Stream(to: culvert.endpoint)
            let head = "CONNECT \(origin.authority) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
            try client.send(head)
            #expect(try client.receiveHead().hasPrefix("HTTP/1.1 200 "))
            try client.finish()
            // The upstream gets the tunnel's bytes, of which there are none.
            #expect(try origin.accept().receiveToEnd().bytes.isEmpty)
            let refused = try culvert.ask(
                "CONNECT \(secret) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
            )
            refused.expect(400, Self.word)
            #expect(!refused.text.contains(secret))
            culvert.stop()
            let lines = culvert.journal.allAtEnd() + culvert.notices.allAtEnd()
            #expect(!lines.contains { $0.contains(secret) })
        }

        @Test func `no byte of a target can break the journal`() throws {
            let culvert = try Culvert(Culvert.openFlags + ["--hosts-file", "off"])
            let targets = [
                "a.test\r\n{\"event\":\"end\"}:443", "a.test\n:443", "a\u{1b}[2J.test:443",
                "a\".test:443", "a\\.test:443", "a\",\"reason\":\"closed.test:443", "a\u{0}:443",
                "\u{202e}tset.a:443", "a\u{85}b.test:443", "a%0d%0a.test:443",
                "<script>.test:443", "${jndi:ldap://a.test}:443", "a.test:443\t", "\u{7f}.test:443",
            ]
            for target in targets {
                let refused = try culvert.ask("CONNECT \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                refused.expect(400, Self.word, "\(target.debugDescription)")
            }
            culvert.stop()
            let lines = culvert.journal.allAtEnd()
            #expect(lines.count == targets.count)
            for line in lines {
                let record = try #require(Culvert.record(line))
                #expect(record["event"] as? String == "end")
                #expect(record["authority"] is NSNull)
                #expect(line.utf8.allSatisfy { (0x20..<0x7f).contains($0) })
            }
        }
    }
}

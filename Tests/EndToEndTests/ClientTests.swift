import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// The client of the tunnel without CONNECT, against a server in Python that was written from
    /// the document alone.
    @Suite struct Clients {
        @Test func `curl loads a page through it, and it leaves in order`() throws {
            let origin = try WebOrigin()
            let digest = try origin.makeFile("data", bytes: 3 << 20)
            let server = try FarServer()
            let client = try Culvert.client(server.url)
            let folder = try Folder()
            let flags = [
                "--output", folder.path("data"), "--write-out", "%{http_connect} %{response_code}",
                "--connect-to", "\(origin.authority):127.0.0.1:\(origin.port)",
            ]
            let curl = try origin.curl(through: client, origin.url("data"), flags)
            #expect(curl.output == "200 200", "\(curl.errors)")
            #expect(try WebOrigin.digest(folder.path("data")) == digest)
            let end = try client.end(of: "127.0.0.1:\(origin.port)")
            #expect(end["reason"] as? String == "closed")
            #expect(end["status"] as? Int == 200)
            #expect(try #require(end["bytes_in"] as? Int) > 3 << 20)
            #expect(client.stop() == 0)
            server.expectNoViolation()
        }

        @Test func `the name of the server is found without waiting for anything else`() throws {
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let server = try FarServer()
            let clock = ContinuousClock()
            // An answer that nobody looks at is found when the question is to be asked again, after
            // 1.5 s. Of several starts not all can be slow for another reason.
            let times = try (0..<3).map { _ in
                let began = clock.now
                let url = "http://far.test:\(server.port)/tunnel"
                let client = try Culvert.client(url, names.flags)
                let time = clock.now - began
                #expect(client.stop() == 0)
                return time
            }
            #expect(try #require(times.min()) < .seconds(1.4))
            #expect(Set(names.questions.map(\.name)) == ["far.test"])
        }

        @Test func `a refusal of the server is passed on with its status and error type`() throws {
            let server = try FarServer()
            let client = try Culvert.client(server.url, ["--name", "near"])
            let refusals = [(9, 403, "http_request_denied"), (1, 502, "connection_refused")]
            for (port, status, word) in refusals {
                let stream = try Stream(to: client.endpoint)
                try stream.send("CONNECT 127.0.0.1:\(port) HTTP/1.1\r\nHost: a\r\n\r\n")
                let (bytes, end) = try stream.receiveToEnd()
                let answer = String(decoding: bytes, as: UTF8.self)
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
                let fields = "Proxy-Status: \"127.0.0.1\"; error=\(word); details=\"the server of "
                #expect(answer.contains(fields + "the tunnel refused it\", near\r\n"), "\(answer)")
                #expect(end == .fin)
                let record = try client.end(of: "127.0.0.1:\(port)")
                #expect(record["status"] as? Int == status)
                #expect(record["reason"] as? String == word)
            }
        }

        @Test func `other requests than CONNECT are refused here`() throws {
            let server = try FarServer()
            let client = try Culvert.client(server.url)
            let stream = try Stream(to: client.endpoint)
            try stream.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = String(decoding: try stream.receiveToEnd().bytes, as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n"))
        }

        @Test func `a forwarded port leads to its place`() throws {
            let origin = try Origin.echo()
            let server = try FarServer()
            let port = try Origin.freePort()
            let flags = ["--forward", "\(port)=\(origin.authority)"]
            let client = try Culvert.client(server.url, flags)
            _ = try client.notices.first { $0.contains("to \(origin.authority)") }
            let endpoint = try #require(Endpoint("127.0.0.1:\(port)"))
            let stream = try Stream(to: endpoint)
            try stream.send("hello")
            #expect(try stream.receive(exactly: 5) == Array("hello".utf8))
            try stream.finish()
            #expect(try stream.receiveToEnd().end == .fin)
            let end = try client.end(of: origin.authority)
            #expect(end["forwarded"] as? Int == 1)
            #expect(end["reason"] as? String == "closed")
        }

        @Test(arguments: [0, 100])
        func `streams carry every byte once, whatever fails`(_ faults: Int) throws {
            let origin = try Origin.echo()
            let seed = Int.random(in: 0..<1_000_000)
            let server = try FarServer(["--faults", "\(faults)", "--seed", "\(seed)"])
            let client = try Culvert.client(server.url)
            let count = faults == 0 ? 8 << 20 : 1 << 20
            let streams = try (0..<4).map { _ in
                try Stream.tunnel(client, to: origin.authority)
            }
            try Stream.expectEchoes(of: count, on: streams, "seed \(seed)")
            #expect(client.stop() == 0)
            server.expectNoViolation()
        }
    }
}

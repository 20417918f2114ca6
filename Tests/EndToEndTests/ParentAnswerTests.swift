import Foundation
import Testing

extension EndToEndTests {
    /// What parents answer that they shouldn't.
    @Suite struct ParentAnswers {
        @Test(arguments: [
            ("garbage\r\n\r\n", 502, "http_protocol_error"),
            ("HTTP/2 200\r\n\r\n", 502, "http_protocol_error"),
            ("HTTP/1.1 200 OK\r\nA: b\r\n", 502, "http_response_incomplete"),
            ("", 502, "http_response_incomplete"),
            (
                String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 400)
                    + "HTTP/1.1 200 OK\r\n\r\n", 502, "http_protocol_error"
            ),
            ("HTTP/1.1 101 Switching\r\n\r\n", 502, "http_protocol_error"),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 502, "http_protocol_error"),
            (
                "HTTP/1.1 200 OK\r\n"
                    + String(
                        repeating: "A: \(String(repeating: "b", count: 99))\r\n",
                        count: 90
                    ), 502, "http_protocol_error"
            ),
        ])
        func `an answer that isn't one is a bad gateway`(
            answer: String,
            status: Int,
            word: String
        ) throws {
            let parent = try Origin { stream in
                _ = try stream.receiveHead()
                try stream.send(answer)
                try stream.finish()
                _ = try stream.receiveToEnd()
            }
            let (culvert, _) = try Parents.start(parent.authority)
            try culvert.ask(for: "a.test:443").expect(status, word)
            try culvert.expectEmpty()
        }

        @Test func `a parent that takes itself for an origin wants other credentials, too`() throws
        {
            let parent = try Origin { stream in
                _ = try stream.receiveHead()
                let fields = "WWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
                try stream.send("HTTP/1.1 401 Unauthorized\r\n" + fields)
            }
            let (culvert, _) = try Parents.start(parent.authority)
            let refused = try culvert.ask(for: "a.test:443")
            refused.expect(502, "proxy_configuration_error")
            #expect(refused.fields["WWW-Authenticate"] == nil)
        }

        @Test func `an answer with a line that fills its head is understood`() throws {
            let parent = try Origin { stream in
                _ = try stream.receiveHead()
                let field = "X: " + String(repeating: "a", count: 8000) + "\r\n\r\n"
                try stream.send("HTTP/1.1 200 OK\r\n\(field)hello")
            }
            let (culvert, _) = try Parents.start(parent.authority)
            let client = try Stream.tunnel(culvert, to: "a.test:443")
            #expect(try client.receive(exactly: 5) == Array("hello".utf8))
        }

        @Test func `a Proxy-Status that leaves a string open isn't passed on`() throws {
            let parent = try Origin { stream in
                _ = try stream.receiveHead()
                let fields = "Proxy-Status: \"far; error=x\r\nContent-Length: 0\r\n\r\n"
                try stream.send("HTTP/1.1 502 Bad Gateway\r\n" + fields)
            }
            let (culvert, _) = try Parents.start(parent.authority)
            let line = try culvert.ask(for: "a.test:443").fields["Proxy-Status"]
            #expect(line?.contains("far") == false)
            #expect(line?.contains("received-status=502") == true)
        }
    }
}

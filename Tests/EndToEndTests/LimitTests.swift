import Internet
import Testing

extension EndToEndTests {
    /// Limits that operators set: what is refused at each, and that it ends as soon as it can.
    @Suite struct Limits {
        /// Asks from `source` until it gets a tunnel: the end of one is counted a moment later.
        private func tunnel(_ culvert: Culvert, _ origin: Origin, from source: String) throws
            -> Stream
        {
            for _ in 0..<200 {
                let stream = try Stream(to: culvert.endpoint, from: source)
                try stream.send("CONNECT \(origin.authority) HTTP/1.1\r\nHost: a\r\n\r\n")
                if try stream.receiveHead().hasPrefix("HTTP/1.1 200 ") { return stream }
            }
            throw Lines.Missing(description: "no tunnel became free")
        }

        private func expectLimit(_ culvert: Culvert, from source: String, _ detail: String) throws {
            let stream = try Stream(to: culvert.endpoint, from: source)
            try stream.send("CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: a\r\n\r\n")
            let refused = try Refused(from: stream)
            refused.expect(503, "connection_limit_reached")
            #expect(refused.body.contains(detail))
        }

        @Test func `there are no more tunnels at once than are allowed`() throws {
            let flags = ["--max-tunnels", "3", "--workers", "2"]
            let culvert = try Culvert(Culvert.openFlags + flags)
            let origin = try Origin()
            for _ in 0..<3 {
                let tunnels = try (0..<3).map { _ in
                    try tunnel(culvert, origin, from: "127.0.0.1")
                }
                for _ in 0..<5 {
                    try expectLimit(culvert, from: "127.0.0.1", "this proxy has no free tunnel")
                }
                for tunnel in tunnels { tunnel.reset() }
            }
            _ = try tunnel(culvert, origin, from: "127.0.0.1")
            let end = try culvert.record("end") { $0["status"] as? Int == 503 }
            #expect(end["reason"] as? String == "connection_limit_reached")
        }

        @Test func `no client has more tunnels at once than are allowed to one`() throws {
            let flags = ["--max-tunnels-per-client", "2", "--workers", "2"]
            let culvert = try Culvert(Culvert.openFlags + flags)
            let origin = try Origin()
            let sources = ["127.0.0.2", "127.0.0.3"]
            for _ in 0..<3 {
                let tunnels = try sources.flatMap { source in
                    try (0..<2).map { _ in try tunnel(culvert, origin, from: source) }
                }
                for source in sources {
                    try expectLimit(culvert, from: source, "this client has too many tunnels")
                }
                for tunnel in tunnels { tunnel.reset() }
            }
            _ = try tunnel(culvert, origin, from: "127.0.0.2")
        }

        @Test func `a request that was refused takes no tunnel away`() throws {
            let flags = ["--max-tunnels", "1", "--max-tunnels-per-client", "1"]
            let culvert = try Culvert(Culvert.openFlags + flags)
            let origin = try Origin()
            let port = try Origin.freePort()
            for request in ["BREW", "CONNECT 127.0.0.1:\(port)", "CONNECT a"] {
                for _ in 0..<5 {
                    _ = try culvert.ask("\(request) HTTP/1.1\r\nHost: a\r\n\r\n")
                    try culvert.expectEmpty()
                }
            }
            _ = try tunnel(culvert, origin, from: "127.0.0.1")
        }

        /// A head for `authority` of `count` bytes, with lines of `line` bytes at most.
        private func head(_ authority: String, bytes count: Int, line: Int) -> String {
            var text = "CONNECT \(authority) HTTP/1.1\r\nHost: a\r\n"
            while text.utf8.count + 2 < count {
                let left = count - 2 - text.utf8.count
                // A field line has at least its name, its colon, and its end.
                let length = left <= line + 2 ? left : min(line + 2, left - 6)
                text += "X:" + String(repeating: "y", count: length - 4) + "\r\n"
            }
            return text + "\r\n"
        }

        @Test func `a head may be as large as is allowed and no larger`() throws {
            let flags = ["--head-bytes", "1024", "--head-line-bytes", "512", "--head-fields", "10"]
            let culvert = try Culvert(Culvert.openFlags + flags)
            let origin = try Origin()
            let target = origin.authority
            let start = "CONNECT \(target) HTTP/1.1\r\nHost: a\r\n"
            let fits = [
                head(target, bytes: 1024, line: 512), head(target, bytes: 1023, line: 512),
                "\(start)X:\(String(repeating: "y", count: 510))\r\n\r\n",
                start + String(repeating: "X: y\r\n", count: 9) + "\r\n",
            ]
            for head in fits {
                #expect(head.utf8.count <= 1024)
                let stream = try Stream(to: culvert.endpoint)
                try stream.send(head)
                #expect(try stream.receiveHead().hasPrefix("HTTP/1.1 200 "))
            }
            let exceeds = [
                (head(target, bytes: 1025, line: 512), 431),
                ("\(start)X:\(String(repeating: "y", count: 511))\r\n\r\n", 431),
                (start + String(repeating: "X: y\r\n", count: 10) + "\r\n", 431),
                ("CONNECT \(String(repeating: "a", count: 505)):1 HTTP/1.1\r\n", 414),
            ]
            for (head, status) in exceeds {
                try culvert.ask(head).expect(status, "http_request_error")
            }
            try Tunnel(culvert).exchange()
        }
    }
}

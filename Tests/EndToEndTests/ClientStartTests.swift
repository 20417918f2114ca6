import Foundation
import Internet
import Synchronization
import Testing

extension EndToEndTests {
    /// Starts of a client that can't succeed: they end, and say why and what to do.
    @Suite struct ClientStarts {
        private func expectFailure(
            _ server: String,
            _ flags: [String] = [],
            environment: [String: String] = [:],
            status: Int32 = 1,
            says words: String,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let command = ["client", "--server", server, "--listen", "127.0.0.1:0"] + flags
            let program = try Culvert.program
            let outcome = try Program.run(program, command, environment: environment, within: 40)
            #expect(outcome.status == status, sourceLocation: sourceLocation)
            let said = Comment("\(outcome.errors)")
            #expect(outcome.errors.contains(words), said, sourceLocation: sourceLocation)
        }

        private func credentials(_ text: String, _ folder: Folder) throws -> String {
            try folder.write("credentials", Data(text.utf8))
            return folder.path("credentials")
        }

        @Test func `its version is told`() throws {
            let outcome = try Program.run(try Culvert.program, ["client", "--version"])
            #expect(outcome.status == 0)
            #expect(outcome.output.hasPrefix("culvert "))
        }

        @Test func `nobody listens`() throws {
            let port = try Origin.freePort()
            let words = "the server http://127.0.0.1:\(port)/tunnel refuses connections; check that"
            try expectFailure("http://127.0.0.1:\(port)/tunnel", says: words)
        }

        @Test func `the name does not exist`() throws {
            let words = "does not exist or has no address; check --server"
            try expectFailure("http://server.invalid/tunnel", says: words)
        }

        @Test func `the path is another`() throws {
            let server = try FarServer()
            let url = "http://127.0.0.1:\(server.port)/other"
            let words = "there is no tunnel at \(url) (status 404); check the path in --server"
            try expectFailure(url, says: words)
        }

        @Test func `the server wants credentials, and right ones`() throws {
            let server = try FarServer(["--user", "me:secret"])
            let folder = try Folder()
            let words = "wants a user and a password (status 401); put USER:PASSWORD into a file"
            try expectFailure(server.url, says: words)
            let wrong = try credentials("me:wrong\n", folder)
            let others = "does not accept the user or the password (status 401); check the file of"
            try expectFailure(server.url, ["--credentials", wrong], says: others)
            let right = try credentials("me:secret\n", folder)
            let client = try Culvert.client(server.url, ["--credentials", right])
            #expect(client.stop() == 0)
        }

        @Test func `the server speaks another version`() throws {
            let server = try FarServer(["--version", "3"])
            try expectFailure(
                server.url,
                says: "speaks version 3 of the tunnel, this client version 1"
            )
        }

        @Test func `something else answers`() throws {
            let origin = try Origin { stream in
                _ = try stream.receiveHead()
                try stream.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi\n")
            }
            let words = "answers with status 200, but not as a tunnel's server does"
            try expectFailure("http://\(origin.authority)/tunnel", says: words)
        }

        /// A middle that swallows the first `count` requests without a word, and passes the others
        /// on.
        private func middle(before server: FarServer, swallows count: Int) throws -> Origin {
            let taken = Mutex(0)
            return try Origin.middle(before: server.endpoint) { _ in
                taken.withLock { number in
                    number += 1
                    return number > count
                }
            }
        }

        private func startsThough(aMiddleSwallows count: Int) throws {
            let server = try FarServer()
            let origin = try middle(before: server, swallows: count)
            let client = try Culvert.client("http://\(origin.authority)/tunnel")
            #expect(client.stop() == 0)
        }

        private func saysThatNobodyAnswers() throws {
            let server = try FarServer()
            let origin = try middle(before: server, swallows: .max)
            let words = "took a request and did not answer in time"
            let began = Date()
            try expectFailure("http://\(origin.authority)/tunnel", says: words)
            #expect(Date().timeIntervalSince(began) < 25)
        }

        @Test func `requests that nobody answers are made again, for a while`() throws {
            try Crew.run([
                { try startsThough(aMiddleSwallows: 1) },
                { try startsThough(aMiddleSwallows: 2) },
                { try saysThatNobodyAnswers() },
            ])
        }

        @Test func `the network's proxy wants credentials`() throws {
            let proxy = try Origin { stream in
                _ = try stream.receiveHead()
                try stream.send(
                    "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n"
                        + "Proxy-Authenticate: Basic realm=\"x\"\r\n\r\n"
                )
            }
            let words = "the proxy \(proxy.authority) wants a user and a password (status 407)"
            let url = "http://outside.example/tunnel"
            try expectFailure(url, ["--via-proxy", proxy.authority], says: words)
            let environment = ["http_proxy": "http://\(proxy.authority)/"]
            try expectFailure(url, environment: environment, says: words)
            let given = ["http_proxy": "http://me:a%3Ab@\(proxy.authority)/"]
            let others = "does not accept the user or the password (status 407)"
            try expectFailure(url, environment: given, says: others)
        }

        @Test func `values that can't be are named`() throws {
            let url = "http://127.0.0.1:1/tunnel"
            try expectFailure(
                "https://127.0.0.1/t",
                status: 64,
                says: "TLS to the server is not spoken"
            )
            try expectFailure(
                "http://a:b@127.0.0.1/t",
                status: 64,
                says: "put them into --credentials"
            )
            try expectFailure(url, ["--forward", "22"], status: 64, says: "PORT=HOST:PORT")
            let twice = ["--forward", "22=a.test:1", "--forward", "127.0.0.1:22=b.test:1"]
            try expectFailure(url, twice, status: 64, says: "'--forward': given twice")
            let both = ["--listen", "127.0.0.1:9", "--forward", "9=a.test:1"]
            try expectFailure(url, both, status: 64, says: "'--forward': given twice")
            let help = "See 'culvert client --help' for more information."
            try expectFailure(url, ["--nonsense"], status: 64, says: help)
            try expectFailure(
                url,
                ["--via-proxy", "proxy"],
                status: 64,
                says: "--via-proxy proxy: allowed"
            )
            let missing = ["--credentials", "/nonexistent"]
            try expectFailure(url, missing, says: "--credentials /nonexistent: can't be read")
            let folder = try Folder()
            let empty = ["--credentials", try credentials("nobody\n", folder)]
            try expectFailure(url, empty, says: "its first line must be USER:PASSWORD")
            let socks = ["http_proxy": "socks5://127.0.0.1:1080"]
            try expectFailure(url, environment: socks, says: "the environment's http_proxy: ")
            let origin = try Origin()
            let forward = ["--forward", "\(origin.endpoint.port)=host.example:22"]
            try expectFailure(
                url,
                forward,
                says: "--forward \(origin.authority): somebody listens there"
            )
        }
    }
}

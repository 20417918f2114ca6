import Foundation
import Testing

extension EndToEndTests {
    /// Only known users may use it, and nobody learns what they know.
    @Suite struct Credentials {
        private static let secret = "open sesame 4711"

        /// A culvert that "ana" may use, and its file of users.
        private func start(_ flags: [String] = []) throws -> (Culvert, Folder) {
            let folder = try Folder()
            try password(Self.secret, of: "ana", in: folder)
            let users = ["--users", folder.path("users")]
            return (try Culvert(Culvert.openFlags + users + flags), folder)
        }

        private func password(_ text: String, of user: String, in folder: Folder) throws {
            let arguments = ["passwd", "--cost", "5", folder.path("users"), user]
            let outcome = try Program.run(Culvert.program, arguments, input: "\(text)\n")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }

        private func head(_ authority: String, _ credentials: String?) -> String {
            let field = credentials.map { text in
                "Proxy-Authorization: Basic \(Data(text.utf8).base64EncodedString())\r\n"
            }
            return "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\(field ?? "")\r\n"
        }

        private func open(
            _ culvert: Culvert,
            _ origin: Origin,
            _ credentials: String
        ) throws -> Stream {
            let client = try Stream(to: culvert.endpoint)
            try client.send(head(origin.authority, credentials))
            #expect(try client.receiveHead().hasPrefix("HTTP/1.1 200 "))
            return client
        }

        @Test(
            arguments: [
                "ana:\(secret)", "ana:\(secret) ", "ana:", "anna:\(secret)", "ANA:\(secret)",
            ]
        )
        func `curl is let through by the right password alone`(credentials: String) throws {
            let origin = try WebOrigin()
            let (culvert, _) = try start(origin.openFlags)
            let digest = try origin.makeFile("data", bytes: 1000)
            let output = try Folder()
            let flags = [
                "--proxy-user", credentials, "--output", output.path("data"),
                "--write-out", "%{http_connect}",
            ]
            let curl = try origin.curl(through: culvert, origin.url("data"), flags)
            if credentials == "ana:\(Self.secret)" {
                #expect(curl.output == "200", "\(curl.errors)")
                #expect(try WebOrigin.digest(output.path("data")) == digest)
                let end = try culvert.end(of: origin.authority)
                #expect(end["user"] as? String == "ana")
            } else {
                #expect(curl.output == "407", "\(curl.errors)")
            }
        }

        @Test func `a client that says nothing of itself learns what to say`() throws {
            let (culvert, _) = try start(["--name", "edge-1"])
            let start = "CONNECT a.test:1 HTTP/1.1\r\nHost: a\r\n"
            let fields = [
                "", "Proxy-Authorization: Bearer abc\r\n", "Authorization: Basic YTpi\r\n",
            ]
            for field in fields {
                let refused = try culvert.ask("\(start)\(field)\r\n")
                refused.expect(407, "http_request_denied")
                let challenge = #"Basic realm="edge-1", charset="UTF-8""#
                #expect(refused.fields["Proxy-Authenticate"] == challenge)
            }
            let end = try culvert.record("end")
            #expect(end["reason"] as? String == "http_request_denied")
            #expect(end["user"] is NSNull)
        }

        @Test func `users of htpasswd and openssl are let through`() throws {
            let folder = try Folder()
            let file = folder.path("users")
            _ = try Program.output(of: "htpasswd", ["-cbB", "-C", "4", file, "ana", Self.secret])
            for (user, method) in [("bob", "-5"), ("cy", "-6")] {
                let hash = try Program.output(of: "openssl", ["passwd", method, Self.secret])
                try folder.write("users", Data("\(folder.text("users"))\(user):\(hash)\n".utf8))
            }
            let culvert = try Culvert(Culvert.openFlags + ["--users", file])
            let origin = try Origin()
            for user in ["ana", "bob", "cy"] {
                _ = try open(culvert, origin, "\(user):\(Self.secret)")
                let record = try culvert.record("open") { $0["user"] as? String == user }
                #expect(record["authority"] as? String == origin.authority)
            }
        }

        @Test(arguments: [
            ("", "there is no user in it"), ("ana:$apr1$abc$def\n", "line 1: the hash is MD5"),
            ("# x\nana:\(secret)\n", "line 2: this is no hash"),
        ])
        func `a file without users, or with weak hashes, stops the start`(
            text: String,
            words: String
        ) throws {
            let folder = try Folder()
            try folder.write("users", Data(text.utf8))
            let flags = ["--listen", "127.0.0.1:0", "--users", folder.path("users")]
            let outcome = try Program.run(Culvert.program, flags, within: 30)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("--users \(folder.path("users")): \(words)"))
            #expect(!outcome.errors.contains(Self.secret))
        }

        @Test func `users are read again, all or none, and tunnels stay`() throws {
            let (culvert, folder) = try start()
            let origin = try Origin()
            let client = try open(culvert, origin, "ana:\(Self.secret)")
            let upstream = try origin.accept()
            let good = try folder.text("users")

            try folder.write("users", Data("bob:secret\n".utf8))
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains("users of before are still those who may") }
            _ = try open(culvert, origin, "ana:\(Self.secret)")

            try folder.write("users", Data(good.replacing("ana:", with: "bob:").utf8))
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains("1 users read again") }
            try culvert.ask(head(origin.authority, "ana:\(Self.secret)"))
                .expect(407, "http_request_denied")
            _ = try open(culvert, origin, "bob:\(Self.secret)")
            try client.send("still")
            #expect(try upstream.receive(exactly: 5) == Array("still".utf8))
        }

        @Test func `a client that guesses is stopped, and nobody else`() throws {
            let flags = ["--listen", "[::1]:0", "--max-failures-per-client", "5"]
            let (culvert, _) = try start(flags)
            let origin = try Origin()
            let client = try open(culvert, origin, "ana:\(Self.secret)")
            for number in 0..<5 {
                try culvert.ask(head(origin.authority, "ana:\(number)"))
                    .expect(407, "http_request_denied")
            }
            let refused = try culvert.ask(head(origin.authority, "ana:6"))
            refused.expect(429, "http_request_denied")
            #expect(refused.fields["Retry-After"] == "60")
            // What is known to be right isn't checked, and another client may still try.
            _ = try open(culvert, origin, "ana:\(Self.secret)")
            let other = try Stream(to: culvert.endpoint, from: "127.0.0.2")
            try other.send(head(origin.authority, "ana:7"))
            #expect(try Refused(from: other).status == 407)
            withExtendedLifetime(client) {}
        }

        @Test func `secrets are nowhere but in the file of users`() throws {
            let (culvert, _) = try start()
            let origin = try Origin()
            let text = "ana:\(Self.secret)"
            let client = try open(culvert, origin, text)
            try culvert.ask(head(origin.authority, "\(text)!")).expect(407, "http_request_denied")
            while try culvert.status()["openings"] != 0 {}
            let secrets = [Self.secret, Data(text.utf8).base64EncodedString()]
            let memory = try culvert.memory()
            // What is looked at is its memory.
            #expect(memory.range(of: Data("Connection established".utf8)) != nil)
            for secret in secrets {
                #expect(memory.range(of: Data(secret.utf8)) == nil)
                #expect(!culvert.journal.all.joined().contains(secret))
            }
            client.close()
            #expect(culvert.stop() == 0)
            for secret in secrets {
                #expect(!culvert.journal.allAtEnd().joined().contains(secret))
                #expect(!culvert.notices.allAtEnd().joined().contains(secret))
            }
        }

        @Test func `passwd changes and removes users`() throws {
            let folder = try Folder()
            try password("first", of: "ana", in: folder)
            let first = try folder.text("users")
            try password("second", of: "bob", in: folder)
            try password("third", of: "ana", in: folder)
            let lines = try folder.text("users").split(separator: "\n")
            #expect(lines.map { $0.prefix(7) } == ["ana:$2b", "bob:$2b"])
            #expect(!first.hasPrefix(lines[0]))
            let remove = ["passwd", "--remove", folder.path("users")]
            #expect(try Program.run(Culvert.program, remove + ["bob"]).status == 0)
            #expect(try folder.text("users") == "\(lines[0])\n")
            let missing = try Program.run(Culvert.program, remove + ["bob"])
            #expect(missing.status != 0)
            #expect(missing.errors.contains("there is no user 'bob'"))
            for name in ["a:b", "#a", ""] {
                let bad = try Program.run(Culvert.program, ["passwd", folder.path("users"), name])
                #expect(bad.status == 64)
            }
        }
    }
}

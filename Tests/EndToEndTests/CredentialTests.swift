import Foundation
import Testing

extension EndToEndTests {
    /// Only known users may use it, and nobody learns what they know.
    @Suite struct Credentials {
        private static let secret = "open sesame 4711"

        /// A culvert that "ana" may use, and its file of users.
        private func start(_ flags: [String] = []) throws -> (Culvert, Folder) {
            let folder = try Folder()
            let users = try folder.writeUsers(["ana"], password: Self.secret)
            return (try Culvert(Culvert.openFlags + users + flags), folder)
        }

        private func open(
            _ culvert: Culvert,
            _ origin: Origin,
            _ credentials: String
        ) throws -> Stream {
            try Stream.tunnel(culvert, to: origin.authority, as: credentials)
        }

        @Test func `a good request behind one with a wrong password isn't looked at`() throws {
            let (culvert, folder) = try start()
            defer { withExtendedLifetime(folder) {} }
            let origin = try Origin()
            let target = origin.authority
            let good = Stream.head(target, as: "ana:\(Self.secret)")
            for wrong in [nil, "ana:no"] {
                let refused = try culvert.ask(for: target, as: wrong, early: good)
                refused.expect(407, "http_request_denied")
                let end = try culvert.end(of: target)
                #expect(end["status"] as? Int == 407)
            }
            #expect(origin.hasNoVisitor)
            #expect(try culvert.status()["opened"] == 0)
        }

        @Test func `no name of a user writes lines of its own into the journal`() throws {
            let (culvert, folder) = try start()
            defer { withExtendedLifetime(folder) {} }
            let name = "ana\u{1b}[2J\r\n{\"event\":\"end\"}"
            for user in [name, "ana\u{0}", "\"},{\"", "ana\u{2028}x", "\u{202e}ana"] {
                let refused = try culvert.ask(for: "a.test:443", as: "\(user):x")
                #expect([400, 407].contains(refused.status), "\(user.debugDescription)")
            }
            #expect(culvert.stop() == 0)
            let lines = culvert.journal.allAtEnd()
            let ends = lines.compactMap(Culvert.record).filter { $0["event"] as? String == "end" }
            #expect(ends.count == 5 && ends.allSatisfy { $0["user"] is NSNull })
            #expect(lines.allSatisfy { $0.utf8.allSatisfy { (0x20..<0x7f).contains($0) } })
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

        @Test func `users of htpasswd, openssl and crypt are let through`() throws {
            let folder = try Folder()
            let file = folder.path("users")
            _ = try Program.output(of: "htpasswd", ["-cbB", "-C", "4", file, "ana", Self.secret])
            func add(_ user: String, _ hash: String) throws {
                try folder.write("users", Data("\(folder.text("users"))\(user):\(hash)\n".utf8))
            }
            for (user, method) in [("bob", "-5"), ("cy", "-6")] {
                try add(
                    user,
                    Program.output(of: "openssl", ["passwd", method, Self.secret])
                )
            }
            let script = "import crypt, sys; print(crypt.crypt(*sys.argv[1:]))"
            for (user, setting) in [
                ("dee", "$y$j9T$F5Jx5fExrKuPp53xLKQ..1"), ("eve", "$6$rounds=2000$saltsalt"),
                ("fay", "$2a$04$82F.VjIXDVC5Rs2Vyk5NI."),
            ] {
                let words = ["-W", "ignore", "-c", script, Self.secret, setting]
                try add(user, Program.output(of: Program.python, words))
            }
            let culvert = try Culvert(Culvert.openFlags + ["--users", file])
            let origin = try Origin()
            for user in ["ana", "bob", "cy", "dee", "eve", "fay"] {
                _ = try open(culvert, origin, "\(user):\(Self.secret)")
                let record = try culvert.record("open") { $0["user"] as? String == user }
                #expect(record["authority"] as? String == origin.authority)
                try culvert.ask(for: origin.authority, as: "\(user):\(Self.secret)!")
                    .expect(407, "http_request_denied")
            }
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
            try culvert.ask(for: origin.authority, as: "ana:\(Self.secret)")
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
                try culvert.ask(for: origin.authority, as: "ana:\(number)")
                    .expect(407, "http_request_denied")
            }
            let refused = try culvert.ask(for: origin.authority, as: "ana:6")
            refused.expect(429, "http_request_denied")
            #expect(refused.fields["Retry-After"] == "60")
            let end = try culvert.record("end") { $0["status"] as? Int == 429 }
            let detail = "too many wrong passwords came from this client; try again later"
            #expect(end["detail"] as? String == detail && end["user"] is NSNull)
            #expect((end["client"] as? String)?.hasPrefix("127.0.0.1:") == true)
            // What is known to be right isn't checked, and another client may still try.
            _ = try open(culvert, origin, "ana:\(Self.secret)")
            let other = try Stream.asking(
                culvert,
                for: origin.authority,
                as: "ana:7",
                from: "127.0.0.2"
            )
            #expect(try Refused(from: other).status == 407)
            withExtendedLifetime(client) {}
        }

        @Test func `passwd changes and removes users`() throws {
            let folder = try Folder()
            try folder.setPassword("first", of: "ana")
            let first = try folder.text("users")
            try folder.setPassword("second", of: "bob")
            try folder.setPassword("third", of: "ana")
            let lines = try folder.text("users").split(separator: "\n")
            #expect(lines.map { $0.prefix(7) } == ["ana:$2b", "bob:$2b"])
            #expect(!first.hasPrefix(lines[0]))
            let remove = ["passwd", "--remove", folder.path("users")]
            let one = try Program.run(Culvert.program, remove + ["bob"])
            #expect(one.status == 0 && one.errors.isEmpty)
            #expect(try folder.text("users") == "\(lines[0])\n")
            let missing = try Program.run(Culvert.program, remove + ["bob"])
            #expect(missing.status != 0)
            #expect(missing.errors.contains("there is no user 'bob'"))
            // Whoever is there twice, by somebody's editor, is no more there at all.
            try folder.write("users", Data("\u{feff}\(first)# x\n\(first)".utf8))
            let last = try Program.run(Culvert.program, remove + ["ana"])
            #expect(last.status == 0 && last.errors.contains("has no user any more"))
            #expect(try folder.text("users") == "# x\n")
            // What a link leads to is changed, and not the link.
            let link = folder.url("link")
            try FileManager.default.createSymbolicLink(
                at: link,
                withDestinationURL: folder.url("users")
            )
            let set = ["passwd", "--cost", "4", folder.path("link"), "cy"]
            #expect(try Program.run(Culvert.program, set, input: "word\n").status == 0)
            #expect(try folder.text("users").hasPrefix("# x\ncy:$2b$04$"))
            #expect(try link.resourceValues(forKeys: [.isSymbolicLinkKey]).isSymbolicLink == true)
            let nowhere = ["passwd", "--cost", "4", "/nonexistent/users", "cy"]
            let lost = try Program.run(Culvert.program, nowhere, input: "word\n")
            #expect(lost.status == 1)
            #expect(lost.errors.contains("/nonexistent/users can't be written (open: "))
            for name in ["a:b", "#a", ""] {
                let bad = try Program.run(Culvert.program, ["passwd", folder.path("users"), name])
                #expect(bad.status == 64)
            }
        }
    }
}

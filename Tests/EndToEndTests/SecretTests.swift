import Foundation
import Testing

extension EndToEndTests {
    /// What clients and operators know alone stands nowhere else.
    @Suite struct Secrets {
        private static let secret = "open sesame 4711"
        private static let parentSecret = "shibboleth 0815"
        private static let credentials = "ana:\(secret)"
        private static let all = [
            secret, Data(credentials.utf8).base64EncodedString(), parentSecret,
            Data("leeds:\(parentSecret)".utf8).base64EncodedString(),
        ]

        /// Users, and a policy with a parent that wants a password; the flags that name them.
        private func prepare(_ parent: Origin) throws -> (flags: [String], Folder) {
            let policy = """
                rules:
                  - name: up
                    action: allow
                    hosts: up.test
                    parent: \(parent.authority)
                    parent-credentials: CREDENTIALS
                  - {name: rest, action: allow}
                """
            let folder = try Folder()
            try folder.write("credentials", Data("leeds:\(Self.parentSecret)\n".utf8))
            let text = policy.replacing("CREDENTIALS", with: folder.path("credentials"))
            try folder.write("policy.yaml", Data(text.utf8))
            let users = try folder.writeUsers(["ana"], password: Self.secret)
            return (users + ["--policy", folder.path("policy.yaml")], folder)
        }

        private func expectNone(in text: String, _ place: String) {
            for secret in Self.all { #expect(!text.contains(secret), "\(place)") }
        }

        @Test func `neither the journal nor the memory keeps them, nor does an answer`() throws {
            let folder = try Folder()
            let users = try folder.writeUsers(["ana"], password: Self.secret)
            let small = ["--max-tunnels", "16", "--buffers", "16", "--deny-host", "no.test"]
            let culvert = try Culvert(Culvert.openFlags + users + small)
            let origin = try Origin()
            let client = try Stream.tunnel(culvert, to: origin.authority, as: Self.credentials)
            let wrong = try culvert.ask(for: origin.authority, as: "\(Self.credentials)!")
            wrong.expect(407, "http_request_denied")
            expectNone(in: wrong.text, "the answer")
            let field = "Proxy-Authorization: Basic \(Self.all[1])\r\n"
            for method in ["TRACE", "GET", "OPTIONS"] {
                let refused = try culvert.ask("\(method) / HTTP/1.1\r\nHost: a\r\n\(field)\r\n")
                #expect(refused.status >= 400)
                expectNone(in: refused.text, method)
            }
            while try culvert.status()["openings"] != 0 {}
            let memory = try culvert.memory()
            // What is looked at is its memory.
            #expect(memory.range(of: Data("Connection established".utf8)) != nil)
            for secret in Self.all { #expect(memory.range(of: Data(secret.utf8)) == nil) }
            for (host, status) in [("no.test:443", 403), ("127.0.0.1:1", 502)] {
                let refused = try culvert.ask(for: host, as: Self.credentials)
                #expect(refused.status == status)
                expectNone(in: refused.text, host)
            }
            client.close()
            #expect(culvert.stop() == 0)
            expectNone(in: culvert.journal.allAtEnd().joined(), "the journal")
            expectNone(in: culvert.notices.allAtEnd().joined(), "the notices")
        }

        @Test func `the journal has neither those of a session nor its id`() throws {
            let folder = try Folder()
            let users = try folder.writeUsers(["ana"], password: Self.secret)
            let culvert = try Culvert(MethodTunnels.flags + users)
            let origin = try Origin()
            let session = try MethodSession(culvert, credentials: Self.credentials)
            try session.make()
            try #require(try session.open(4096, origin.authority).result == 0)
            let wrong = try MethodSession(culvert, credentials: "\(Self.credentials)!").make()
            #expect(wrong.status == 401)
            expectNone(in: wrong.head + String(decoding: wrong.body, as: UTF8.self), "the answer")
            #expect(culvert.stop() == 0)
            let lines = culvert.journal.allAtEnd() + culvert.notices.allAtEnd()
            #expect(lines.contains { $0.contains(origin.authority) })
            expectNone(in: lines.joined(), "the journal")
            #expect(!lines.joined().contains(session.id))
        }

        @Test func `a parent is told none but its own`() throws {
            let parent = try Origin()
            let folder = try Folder()
            let rule = "{name: up, action: allow, ports: any, parent: '\(parent.authority)'}"
            try folder.write("policy.yaml", Data("rules: [\(rule)]".utf8))
            let users = try folder.writeUsers(["ana"], password: Self.secret)
            let policy = ["--policy", folder.path("policy.yaml")]
            let culvert = try Culvert(Culvert.openFlags + users + policy)
            let client = try Stream.asking(culvert, for: "up.test:443", as: Self.credentials)
            let head = try parent.accept().receiveHead()
            #expect(head.hasPrefix("CONNECT up.test:443 "))
            expectNone(in: head, "the request")
            #expect(!head.lowercased().contains("authorization"))
            client.close()
        }

        @Test func `neither --show-configuration nor the command line tells them`() throws {
            let parent = try Origin()
            let (flags, folder) = try prepare(parent)
            defer { withExtendedLifetime(folder) {} }
            for words in [
                flags + ["--show-configuration"], ["check"] + flags,
                ["explain"] + flags + ["up.test:443"], ["doctor"] + flags,
            ] {
                let outcome = try Program.run(Culvert.program, words, within: 30)
                #expect(!outcome.output.isEmpty)
                expectNone(in: outcome.output + outcome.errors, words[0])
            }
            let culvert = try Culvert(Culvert.openFlags + flags)
            let process = "/proc/\(culvert.process.processIdentifier)"
            for file in ["cmdline", "environ"] {
                let bytes = try Data(contentsOf: URL(filePath: "\(process)/\(file)"))
                #expect(!bytes.isEmpty)
                expectNone(in: String(decoding: bytes, as: UTF8.self), file)
            }
        }

        @Test(arguments: [
            "ana:\(secret)", "ana:\(secret):", "\(secret)", "ana:$2b$12$\(secret)",
            "ana:$apr1$\(secret)$x", "\(secret)\u{1}:x",
        ])
        func `an error tells nothing of the line that it is about`(line: String) throws {
            let folder = try Folder()
            try folder.write("users", Data("\(line)\n".utf8))
            try folder.write("credentials", Data("\(Self.parentSecret)\nleeds:\(Self.secret)".utf8))
            let file = folder.path("credentials")
            let policy =
                "rules: [{name: a, action: allow, parent: 'a.test:1', parent-credentials: \(file)}]"
            try folder.write("policy.yaml", Data(policy.utf8))
            for flags in [
                ["--users", folder.path("users")], ["--policy", folder.path("policy.yaml")],
            ] {
                let start = ["--listen", "127.0.0.1:0"] + flags
                let outcome = try Program.run(Culvert.program, start, within: 30)
                #expect(outcome.status == 1 && !outcome.errors.isEmpty)
                expectNone(in: outcome.output + outcome.errors, "\(flags)")
            }
            // Nor does one that is found while it serves.
            let good = try Folder()
            let users = try good.writeUsers(["ben"])
            let culvert = try Culvert(Culvert.openFlags + users)
            try good.write("users", Data("\(line)\n".utf8))
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains("the users of before are still") }
            expectNone(in: culvert.notices.all.joined(), "the notices")
        }

        /// The core that the program of `words` leaves when it crashes after `use`; nil if there is
        /// none.
        private func core(of words: [String], after use: (Culvert) throws -> Void) throws -> Data? {
            let folder = try Folder()
            let script = "ulimit -n 1024; ulimit -c unlimited; cd \"$1\" && shift && exec \"$@\""
            let command = ["sh", "-c", script, "sh", folder.path(""), try Culvert.program]
            let culvert = try Culvert(
                command: command + words + ["--listen", "127.0.0.1:0", "--journal", "-"]
            )
            try use(culvert)
            culvert.stop(SIGSEGV)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path(""))
            return try files.first { $0.hasPrefix("core") }.map { name in
                try Data(contentsOf: folder.url(name))
            }
        }

        /// The core that a culvert of `flags` leaves when it crashes while it opens tunnels.
        private func core(_ flags: [String], _ origin: Origin) throws -> Data? {
            let small = ["--workers", "1", "--buffers", "16", "--max-tunnels", "16"]
            let words = Culvert.openFlags + ["--tls-ports", "none"] + small + flags
            var open: [Stream] = []
            return try core(of: words) { culvert in
                open.append(
                    try Stream.tunnel(culvert, to: origin.authority, as: Self.credentials)
                )
                // One whose head is still to end, and one that its parent hasn't answered.
                let head = Stream.head(origin.authority, as: Self.credentials)
                open.append(try Stream(to: culvert.endpoint))
                try open[1].send(String(head.dropLast(2)))
                open.append(try Stream.asking(culvert, for: "up.test:443", as: Self.credentials))
                try culvert.handleAll()
            }
        }

        @Test func `a crash leaves none behind`() throws {
            let parent = try Origin()
            let (flags, folder) = try prepare(parent)
            defer { withExtendedLifetime(folder) {} }
            // Users alone, rules alone, and both.
            for some in [Array(flags.prefix(2)), Array(flags.suffix(2)), flags] {
                #expect(try core(some, parent) == nil, "\(some)")
            }
            // Without either there is a core, if this system writes any where a process is.
            let pattern = try String(
                contentsOfFile: "/proc/sys/kernel/core_pattern",
                encoding: .utf8
            )
            guard pattern.hasPrefix("core") else { return }
            let plain = try #require(try self.core([], parent))
            #expect(plain.range(of: Data(Self.all[1].utf8)) != nil)
        }

        @Test func `credentials that come with a reload are hidden as well`() throws {
            let parent = try Origin()
            let (flags, folder) = try prepare(parent)
            let rules = try folder.text("policy.yaml")
            try folder.write("policy.yaml", Data("rules: [{name: a, action: allow}]".utf8))
            let core = try core(of: Culvert.openFlags + flags.suffix(2)) { culvert in
                try folder.write("policy.yaml", Data(rules.utf8))
                culvert.signal(SIGHUP)
                _ = try culvert.notices.first { $0.contains(" rules read again") }
            }
            #expect(core == nil)
        }

        @Test func `a client with credentials leaves none behind either`() throws {
            let folder = try Folder()
            try folder.write("credentials", Data("\(Self.credentials)\n".utf8))
            let server = try FarServer(["--user", Self.credentials])
            let words = ["client", "--server", server.url]
            let flags = ["--credentials", folder.path("credentials")]
            let core = try core(of: words + flags) { client in
                for file in ["cmdline", "environ"] {
                    let path = "/proc/\(client.process.processIdentifier)/\(file)"
                    let bytes = try Data(contentsOf: URL(filePath: path))
                    expectNone(in: String(decoding: bytes, as: UTF8.self), file)
                }
                expectNone(in: (client.journal.all + client.notices.all).joined(), "the journal")
            }
            #expect(core == nil)
            withExtendedLifetime(server) {}
        }
    }
}

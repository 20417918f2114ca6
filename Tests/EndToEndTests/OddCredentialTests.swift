import Foundation
import Testing

extension EndToEndTests {
    /// Credentials and files of users as they shouldn't be.
    @Suite struct OddCredentials {
        /// The status that a request with `fields` gets; 200 if it is let through.
        private func status(_ culvert: Culvert, _ fields: [UInt8]) throws -> Int {
            let origin = try Origin()
            let client = try Stream(to: culvert.endpoint)
            let line = "CONNECT \(origin.authority) HTTP/1.1\r\nHost: a\r\n"
            try client.send(Array(line.utf8) + fields + Array("\r\n".utf8))
            let head = try client.receiveHead()
            return Int(head.split(separator: " ")[1]) ?? 0
        }

        private func basic(_ credentials: [UInt8]) -> String {
            "Proxy-Authorization: Basic \(Data(credentials).base64EncodedString())\r\n"
        }

        private func basic(_ credentials: String) -> String { basic(Array(credentials.utf8)) }

        private func start(_ password: String, of user: String) throws -> (Culvert, Folder) {
            let folder = try Folder()
            let users = try folder.writeUsers([user], password: password)
            return (try Culvert(Culvert.openFlags + users), folder)
        }

        @Test func `only one field of Basic with the right bytes is let through`() throws {
            let (culvert, _) = try start("word", of: "ana")
            let right = "YW5hOndvcmQ="
            let long = String(repeating: "x", count: 600)
            let cases: [(String, Int)] = [
                (basic("ana:word"), 200), ("proxy-AUTHORIZATION:\tbasic   \(right)\r\n", 200),
                ("Proxy-Authorization: BASIC YW5hOndvcmQ\r\n", 200),
                // Whoever names it as hop by hop means us.
                ("Connection: Proxy-Authorization\r\n" + basic("ana:word"), 200),
                (basic("ana:word") + "Connection: close, proxy-authorization, Via\r\n", 200),
                (basic("ana:word") + basic("ana:word"), 400), (basic("ana:x") + basic("a:b"), 400),
                ("Proxy-Authorization : Basic \(right)\r\n", 400),
                (" Proxy-Authorization: Basic \(right)\r\n", 400),
                ("Proxy-Authorization: Basic\r\n \(right)\r\n", 400),
                ("Authorization: Basic \(right)\r\n", 407), ("", 407),
                ("Proxy-Authorization:\r\n", 407), ("Proxy-Authorization: Basic\r\n", 407),
                ("Proxy-Authorization: Basic \r\n", 407),
                ("Proxy-Authorization: \(right)\r\n", 407),
                ("Proxy-Authorization: Basic \(right) x\r\n", 407),
                ("Proxy-Authorization: Basic realm=\"\(right)\"\r\n", 407),
                ("Proxy-Authorization: Digest \(right)\r\n", 407),
                ("Proxy-Authorization: Basicx \(right)\r\n", 407),
                ("Proxy-Authorization: Basic YW5hOndvcmR=\r\n", 407),
                ("Proxy-Authorization: Basic YW5hOndvcmQ==\r\n", 407),
                ("Proxy-Authorization: Basic YW5h_ndvcmQ=\r\n", 407),
                ("Proxy-Authorization: Basic =\r\n", 407),
                (basic("ana"), 407), (basic(":word"), 407), (basic("ana:"), 407),
                (basic("ana:word\u{0}"), 407), (basic("ana\u{0}:word"), 407),
                (basic("ana:word\r\n"), 407), (basic("ana:word\u{7f}"), 407),
                (basic("ana:word "), 407), (basic(" ana:word"), 407), (basic("ana :word"), 407),
                (basic("ANA:word"), 407), (basic("ana:WORD"), 407), (basic("ana:word:"), 407),
                (basic("ana:\(long)"), 407), (basic("\(long):word"), 407),
                (basic("ana:" + String(repeating: "x", count: 5000)), 407),
                ("Proxy-Authorization: Basic \(String(repeating: "A", count: 9000))\r\n", 431),
            ]
            for (fields, status) in cases {
                let got = try self.status(culvert, Array(fields.utf8))
                #expect(got == status, "\(fields.prefix(80).debugDescription)")
            }
        }

        @Test func `a password may be any bytes, and counts by them`() throws {
            let (culvert, folder) = try start("p\u{e4}\u{df}w\u{1f511}rt: \"'", of: "\u{e4}nn")
            #expect(
                try status(culvert, Array(basic("\u{e4}nn:p\u{e4}\u{df}w\u{1f511}rt: \"'").utf8))
                    == 200
            )
            for wrong in ["\u{e4}nn:pa\u{308}\u{df}w\u{1f511}rt: \"'", "\u{e4}nn:p\u{e4}\u{df}"] {
                #expect(try status(culvert, Array(basic(wrong).utf8)) == 407)
            }
            // Bytes that are no text.
            let latin: [UInt8] = [0x70, 0xe4, 0xff, 0x80]
            let input = folder.path("latin")
            try folder.write("latin", Data(latin + [10]))
            let words = "exec \"$1\" passwd --cost 4 \"$2\" latin < \"$3\""
            let line = ["-c", words, "sh", try Culvert.program, folder.path("users"), input]
            #expect(try Program.run("sh", line).status == 0)
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains("2 users read again") }
            #expect(try status(culvert, Array(basic(Array("latin:".utf8) + latin).utf8)) == 200)
            let other = Array("latin:p\u{e4}\u{ff}\u{80}".utf8)
            #expect(try status(culvert, Array(basic(other).utf8)) == 407)
        }

        @Test func `whoever spells a user's name in another way is nobody`() throws {
            let whole = "caf\u{e9}"
            let folder = try Folder()
            let users = try folder.writeUsers([whole, "x\"y\\z"])
            let policy =
                "rules: [{name: no, action: deny, users: \"\(whole)\"}, {name: a, action: allow}]"
            try folder.write("policy.yaml", Data(policy.utf8))
            let file = ["--policy", folder.path("policy.yaml")]
            let culvert = try Culvert(Culvert.openFlags + users + file)
            let origin = try Origin()
            try culvert.ask(for: origin.authority, as: "\(whole):word")
                .expect(403, "http_request_denied")
            try culvert.ask(for: origin.authority, as: "cafe\u{301}:word")
                .expect(407, "http_request_denied")
            // The journal tells even a name with quotes as it is.
            _ = try Stream.tunnel(culvert, to: origin.authority, as: "x\"y\\z:word")
            #expect(try culvert.record("open")["user"] as? String == "x\"y\\z")
        }

        // MARK: Files

        private static let bcrypt = "82F.VjIXDVC5Rs2Vyk5NI.3EOD8rIb/REJlZnQfaZrAEdch1iLtwm"
        private static let sha512 = String(repeating: "a", count: 86)
        private static let yescrypt = String(repeating: "c", count: 43)

        /// Files that hold no users who could be let in, and what is said of them.
        static let files: [([UInt8], String)] = [
            (Array("".utf8), "there is no user in it"), (Array("\n \n# x:y\n".utf8), "there is no"),
            (Array("ana:$apr1$abc$def\n".utf8), "line 1: the hash is MD5"),
            (Array("ana:$1$abc$def\n".utf8), "line 1: the hash is MD5"),
            (Array("# x\nana:word\n".utf8), "line 2: this is no hash, or one of DES"),
            (Array("ana:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=\n".utf8), "line 1: the hash is SHA-1"),
            (Array("ana:rqXexS6ZhobKA\n".utf8), "line 1: this is no hash, or one of DES"),
            (Array("ana:$2b$04$abc\n".utf8), "line 1: the hash is damaged"),
            // Settings that crypt(3) doesn't know: it would say so at once, and show who is there.
            (Array("ana:$2b$4$\(bcrypt)\n".utf8), "line 1: the hash is damaged"),
            (Array("ana:$2b$99$\(bcrypt)\n".utf8), "line 1: the hash is damaged"),
            (Array("ana:$6$rounds=x$y$\(sha512)\n".utf8), "line 1: the hash is damaged"),
            (Array("ana:$6$rounds=999$y$\(sha512)\n".utf8), "line 1: the hash is damaged"),
            (Array("ana:$y$zzz$y$\(yescrypt)\n".utf8), "line 1: the hash is damaged"),
            // Such a check would take days.
            (Array("ana:$2b$31$\(bcrypt)\n".utf8), "line 1: the hash takes more time"),
            (Array("ana:$6$rounds=999999999$y$\(sha512)\n".utf8), "line 1: the hash takes more"),
            (Array("ana:$argon2id$v=19$x$y\n".utf8), "line 1: the hash is of a method that"),
            (Array("ana\n".utf8), "line 1: allowed is NAME:HASH"),
            (Array(":$6$x$y\n".utf8), "line 1: allowed is NAME:HASH"),
            (Array("a\u{0}b:$6$x$y\n".utf8), "line 1: a name has up to 255 bytes"),
            (Array("\(String(repeating: "n", count: 256)):$6$x$y\n".utf8), "line 1: a name has"),
            (Array("# \u{e9}\n".utf8) + [0x72, 0xe9, 0x3a, 0x24, 10], "line 2: this is not UTF-8"),
            ([0xff, 0xfe, 0x61, 0, 0x3a, 0], "line 1: this is not UTF-8"),
        ]

        @Test(arguments: files)
        func `a file that isn't one of users stops the start`(text: [UInt8], words: String) throws {
            let folder = try Folder()
            try folder.write("users", Data(text))
            let flags = ["--listen", "127.0.0.1:0", "--users", folder.path("users")]
            let outcome = try Program.run(Culvert.program, flags, within: 30)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("--users \(folder.path("users")): \(words)"))
        }

        @Test func `a file that can't be read stops the start, and is not written over`() throws {
            let folder = try Folder()
            try FileManager.default.createDirectory(
                at: folder.url("users"),
                withIntermediateDirectories: false
            )
            for path in ["/nonexistent/users", folder.path("users")] {
                let flags = ["--listen", "127.0.0.1:0", "--users", path]
                let outcome = try Program.run(Culvert.program, flags, within: 30)
                let start = "Error: The value '\(path)' is invalid for '--users"
                #expect(outcome.status == 64 && outcome.errors.hasPrefix(start))
                let passwd = ["passwd", "--cost", "4", path, "ana"]
                let edit = try Program.run(Culvert.program, passwd, input: "word\n")
                #expect(edit.status == 1, "\(edit.errors)")
            }
            let two = folder.path("two")
            let hash = "$2b$04$82F.VjIXDVC5Rs2Vyk5NI.3EOD8rIb/REJlZnQfaZrAEdch1iLtwm"
            try folder.write("two", Data("a:\(hash)\na:\(hash)\n".utf8))
            let flags = ["--listen", "127.0.0.1:0", "--users", two]
            let outcome = try Program.run(Culvert.program, flags, within: 30)
            #expect(outcome.errors.contains("--users \(two): line 2: this user is there already"))
        }

        @Test func `a file that isn't one of users changes nothing when it is read again`() throws {
            let (culvert, folder) = try start("word", of: "ana")
            for (text, words) in Self.files {
                let start = culvert.notices.all.count
                try folder.write("users", Data(text))
                culvert.signal(SIGHUP)
                let notice = try culvert.notices.first(from: start) { $0.contains("--users ") }
                #expect(notice.contains("users of before are still those who may"))
                #expect(notice.contains(words), "\(notice)")
            }
            #expect(try status(culvert, Array(basic("ana:word").utf8)) == 200)
        }
    }
}

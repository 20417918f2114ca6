import Foundation
import Glibc
import Internet
import Testing

extension AloneTests {
    /// Clients that guess, and those who have to wait beside them.
    @Suite struct Guessing {
        /// A check of a hash of this cost takes some 15 ms of CPU.
        private static let slow = 8

        private func start(
            _ users: [String],
            cost: Int,
            _ flags: [String] = []
        ) throws -> (Culvert, Folder) {
            let folder = try Folder()
            let file = try folder.writeUsers(users, cost: cost)
            return (try Culvert(Culvert.openFlags + file + flags), folder)
        }

        /// Clients at `source` that ask for `authority`, each with another wrong password.
        private func flood(
            _ count: Int,
            _ culvert: Culvert,
            for authority: String,
            from source: String
        ) throws -> [Stream] {
            try (0..<count).map { number in
                try Stream.asking(
                    culvert,
                    for: authority,
                    as: "ana:\(source) \(number)",
                    from: source
                )
            }
        }

        private func answered(_ streams: [Stream]) -> Int {
            streams.count { Readiness.comes($0.descriptor, POLLIN, within: 0) }
        }

        @Test func `many users behind one address are let in at once`() throws {
            let users = (0..<60).map { "user \($0)" }
            let (culvert, _) = try start(users, cost: 4, ["--max-failures-per-client", "5"])
            let origin = try Origin()
            let clients = try users.map { user in
                try Stream.asking(culvert, for: origin.authority, as: "\(user):word")
            }
            for client in clients {
                #expect(try client.receiveHead().hasPrefix("HTTP/1.1 200 "))
            }
            // They have failed nothing, so there are five tries still.
            for number in 0..<5 {
                let refused = try culvert.ask(for: origin.authority, as: "ana:\(number)")
                refused.expect(407, "http_request_denied")
            }
            try culvert.ask(for: origin.authority, as: "ana:5").expect(429, "http_request_denied")
        }

        @Test func `who guesses much holds up nobody but himself`() throws {
            let (culvert, _) = try start(["ana"], cost: Self.slow, ["--head-timeout", "2m"])
            let origin = try Origin()
            let target = origin.authority
            let guesses = try flood(100, culvert, for: target, from: "127.0.0.2")
            while answered(guesses) == 0 { usleep(1000) }
            let before = answered(guesses)
            let client = try Stream.tunnel(culvert, to: target, as: "ana:word")
            // Only what was being checked already could come before.
            #expect(answered(guesses) <= before + 2)
            var words: [Int: Int] = [:]
            for guess in guesses { words[try Refused(from: guess).status, default: 0] += 1 }
            // Thirty were looked at, and no more.
            #expect(words == [407: 30, 429: 70])
            client.close()
        }

        @Test func `a crowd of guesses leaves room for others`() throws {
            let (culvert, _) = try start(
                ["ana", "ben"],
                cost: Self.slow,
                ["--max-failures-per-client", "0"]
            )
            let origin = try Origin()
            let target = origin.authority
            let guesses = try flood(1100, culvert, for: target, from: "127.0.0.2")
            let others = try flood(3, culvert, for: target, from: "127.0.0.3")
            let client = try Stream.tunnel(culvert, to: target, as: "ben:word")
            let refused = try Refused(from: try #require(guesses.last))
            refused.expect(503, "connection_limit_reached")
            for other in others { try Refused(from: other).expect(407, "http_request_denied") }
            client.close()
            for guess in guesses { guess.close() }
        }

        @Test func `guesses that make way for others disturb no tunnel`() throws {
            let flags = ["--max-failures-per-client", "0", "--workers", "4"]
            let (culvert, _) = try start(["ana", "ben"], cost: Self.slow, flags)
            let origin = try Origin()
            let target = origin.authority
            let tunnels = try (0..<40).map { _ in
                try (Stream.tunnel(culvert, to: target, as: "ben:word"), origin.accept())
            }
            let guesses = try flood(1100, culvert, for: target, from: "127.0.0.2")
            // Those of one client make way for others'.
            let others = try flood(0..<200, hosts: 1...1, culvert, for: target)
            while answered(others) == 0 { usleep(1000) }
            for (client, upstream) in tunnels {
                try client.send("there")
                #expect(try upstream.receive(exactly: 5) == Array("there".utf8))
                try upstream.send("back")
                #expect(try client.receive(exactly: 4) == Array("back".utf8))
            }
            for guess in guesses + others { guess.close() }
        }

        /// A guess of each of `hosts` of each of `networks`, which are 127.x.y.0/24.
        private func flood(
            _ networks: Range<Int>,
            hosts: ClosedRange<Int>,
            _ culvert: Culvert,
            for authority: String
        ) throws -> [Stream] {
            try networks.flatMap { network in
                try hosts.flatMap { host in
                    let source = "127.\(100 + network / 250).\(network % 250).\(host)"
                    return try flood(1, culvert, for: authority, from: source)
                }
            }
        }

        /// How many of `streams` have been checked: some more may have been refused unchecked.
        private func checked(_ streams: [Stream]) -> Int {
            let refusal = Array("HTTP/1.1 407".utf8)
            return streams.count { stream in
                guard Readiness.comes(stream.descriptor, POLLIN, within: 0) else { return false }
                var start = [UInt8](repeating: 0, count: refusal.count)
                _ = unsafe recv(stream.descriptor, &start, start.count, Int32(MSG_PEEK))
                return start == refusal
            }
        }

        /// Whether a client at `source` is let in before more than a few of `guesses` are checked.
        private func isLetIn(
            _ source: String,
            as credentials: String,
            _ culvert: Culvert,
            to authority: String,
            before guesses: [Stream]
        ) throws -> Bool {
            let before = checked(guesses)
            let client = try Stream.asking(
                culvert,
                for: authority,
                as: credentials,
                from: source
            )
            let isFirst = try client.receiveHead().hasPrefix("HTTP/1.1 200 ")
            // Those that were being checked, and one or two that were while the client asked.
            return isFirst && checked(guesses) <= before + 4
        }

        @Test func `guesses from many networks leave room for others, who come first`() throws {
            let flags = ["--head-timeout", "2m"]
            let (culvert, _) = try start(["ana", "ben"], cost: Self.slow, flags)
            let origin = try Origin()
            let target = origin.authority
            let guesses = try flood(0..<320, hosts: 1...4, culvert, for: target)
            #expect(
                try isLetIn("127.9.9.9", as: "ben:word", culvert, to: target, before: guesses)
            )
            for guess in guesses { guess.close() }
        }

        @Test func `who comes from elsewhere comes before networks that have guessed`() throws {
            let flags = ["--head-timeout", "2m"]
            let (culvert, _) = try start(["ana", "ben"], cost: Self.slow, flags)
            let origin = try Origin()
            let target = origin.authority
            for guess in try flood(0..<60, hosts: 1...1, culvert, for: target) {
                try Refused(from: guess).expect(407, "http_request_denied")
            }
            let guesses = try flood(0..<60, hosts: 2...2, culvert, for: target)
            #expect(
                try isLetIn("127.9.9.9", as: "ben:word", culvert, to: target, before: guesses)
            )
            for guess in guesses { guess.close() }
        }

        @Test func `who has logged in comes before guesses from everywhere`() throws {
            let flags = ["--head-timeout", "2m"]
            let (culvert, _) = try start(["ana", "ben", "cat"], cost: Self.slow, flags)
            let origin = try Origin()
            let target = origin.authority
            #expect(try isLetIn("127.9.9.9", as: "ben:word", culvert, to: target, before: []))
            let guesses = try flood(0..<1300, hosts: 1...1, culvert, for: target)
            try Refused(from: try #require(guesses.last)).expect(503, "connection_limit_reached")
            #expect(
                try isLetIn("127.9.9.9", as: "cat:word", culvert, to: target, before: guesses)
            )
            for guess in guesses { guess.close() }
        }

        @Test func `users who stay the same aren't checked anew when the file is read again`()
            throws
        {
            let (culvert, folder) = try start(["ana", "ben"], cost: 13)
            let origin = try Origin()
            func ticks(_ user: String) throws -> Int {
                let start = try culvert.processorTicks()
                _ = try Stream.tunnel(culvert, to: origin.authority, as: "\(user):word")
                return try culvert.processorTicks() - start
            }
            func reload() throws {
                let start = culvert.notices.all.count
                culvert.signal(SIGHUP)
                _ = try culvert.notices.first(from: start) { $0.contains(" users read again") }
            }
            #expect(try ticks("ana") > 15 && ticks("ben") > 15)
            try folder.setPassword("word", of: "ben", cost: 13)
            try reload()
            #expect(try ticks("ana") < 10 && ticks("ben") > 15)
            try folder.setPassword("other", of: "ana")
            try reload()
            try culvert.ask(for: origin.authority, as: "ana:word").expect(
                407,
                "http_request_denied"
            )
            #expect(try ticks("ben") < 10)
        }

        @Test func `a name that isn't there takes as long as a wrong password`() throws {
            let flags = ["--max-failures-per-client", "0"]
            let (culvert, _) = try start(["ana"], cost: Self.slow, flags)
            /// Ticks of CPU that it takes to refuse all of `names`.
            func ticks(_ names: [[UInt8]]) throws -> Int {
                let start = try culvert.processorTicks()
                for name in names {
                    let text = Data(name + [58, 120]).base64EncodedString()
                    let field = "Proxy-Authorization: Basic \(text)\r\n"
                    try culvert.ask("CONNECT a.test:1 HTTP/1.1\r\nHost: a\r\n\(field)\r\n")
                        .expect(407, "http_request_denied")
                }
                return try culvert.processorTicks() - start
            }
            let known = try ticks((0..<20).map { _ in Array("ana".utf8) })
            let strange = try ticks((0..<20).map { Array("nobody \($0)".utf8) })
            // No name of a user can be this.
            let garbled = try ticks((0..<20).map { [0xff, 0xc0, UInt8(0x80 + $0)] })
            #expect(known > 10)
            for other in [strange, garbled] {
                #expect(other > known * 6 / 10 && other < known * 15 / 10, "\(other), \(known)")
            }
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// How many tunnels a rule lets pass.
    @Suite struct RuleLimits {
        static func start(
            _ limits: String,
            _ flags: [String] = [],
            more: String = "",
            users: [String] = []
        ) throws -> (Culvert, Folder) {
            let folder = try Policies.folder(policy(limits, more))
            var files = ["--policy", folder.path("policy.yaml")]
            if !users.isEmpty { files += try folder.writeUsers(users) }
            let open = Culvert.openFlags + ["--tls-ports", "none"]
            return (try Culvert(open + files + flags), folder)
        }

        static func policy(_ limits: String, _ more: String = "") -> String {
            let key = limits.isEmpty ? "" : ", limits: {\(limits)}"
            return "rules:\n- {name: a, action: allow, hosts: 127.0.0.1\(key)}\n\(more)"
        }

        // MARK: At once

        @Test(arguments: ["1", "2"])
        func `no more tunnels are open than the rule lets be`(workers: String) throws {
            let (culvert, _) = try Self.start("tunnels: 3", ["--workers", workers])
            let origin = try Origin()
            var clients = try (0..<3).map { _ in
                try Stream.tunnel(culvert, to: origin.authority)
            }
            for _ in 0..<4 {
                let refused = try culvert.ask(for: origin.authority)
                refused.expect(503, "connection_limit_reached")
                #expect(refused.body.contains("as many tunnels are open as may be"))
            }
            #expect(try culvert.status()["limit_refused"] == 4)
            let end = try culvert.end(of: origin.authority)
            #expect(end["rule"] as? String == "a" && end["status"] as? Int == 503)
            // One that ends makes room for one.
            clients.removeLast().reset()
            try culvert.wait(until: "tunnels", is: 2)
            clients.append(try Stream.tunnel(culvert, to: origin.authority))
            try culvert.ask(for: origin.authority).expect(503, "connection_limit_reached")
            // So does a target that refuses.
            clients.removeLast().reset()
            try culvert.wait(until: "tunnels", is: 2)
            let closed = "127.0.0.1:\(try Origin.freePort())"
            for _ in 0..<5 { try culvert.ask(for: closed).expect(502, "connection_refused") }
            clients.append(try Stream.tunnel(culvert, to: origin.authority))
            for client in clients { client.reset() }
            try culvert.expectEmpty()
        }

        @Test func `a rule that has no more leaves the others alone`() throws {
            let rest = "- {name: rest, action: allow}\n"
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let (culvert, _) = try Self.start("tunnels: 1", names.flags, more: rest)
            let origin = try Origin()
            let first = try Stream.tunnel(culvert, to: origin.authority)
            try culvert.ask(for: origin.authority).expect(503, "connection_limit_reached")
            let other = try Stream.tunnel(culvert, to: "a.test:\(origin.endpoint.port)")
            withExtendedLifetime((first, other)) {}
        }

        @Test func `each user has a limit of its own`() throws {
            let folder = try Folder()
            let (culvert, _) = try Self.start(
                "tunnels: 3, per-user: {tunnels: 2}",
                try folder.writeUsers(["ana", "ben"]) + ["--workers", "2"]
            )
            let origin = try Origin()
            let target = origin.authority
            let open = try (0..<2).map { _ in
                try Stream.tunnel(culvert, to: target, as: "ana:word")
            }
            let refused = try culvert.ask(for: target, as: "ana:word")
            refused.expect(429, "connection_limit_reached")
            #expect(refused.body.contains("this user has too many tunnels"))
            let other = try Stream.tunnel(culvert, to: target, as: "ben:word")
            // What was refused to ana doesn't count, and all together have as many as may be.
            try culvert.ask(for: target, as: "ben:word").expect(503, "connection_limit_reached")
            withExtendedLifetime((open, other)) {}
        }

        @Test func `whoever is over a limit uses up nothing of others`() throws {
            let users = ["ana", "ben"]
            let perUser = "new-per-second: 5, per-user: {tunnels: 1}"
            let (culvert, _) = try Self.start(perUser, users: users)
            let origin = try Origin()
            let authority = origin.authority
            let first = try Stream.tunnel(culvert, to: authority, as: "ana:word")
            for _ in 0..<10 {
                let refused = try culvert.ask(for: authority, as: "ana:word")
                refused.expect(429, "connection_limit_reached")
            }
            let second = try Stream.tunnel(culvert, to: authority, as: "ben:word")
            // Nor does the rule, once it has no more, use up what is the user's.
            let all = "tunnels: 1, per-user: {new-per-second: 2}"
            let (other, _) = try Self.start(all, users: users)
            let third = try Stream.tunnel(other, to: authority, as: "ben:word")
            for _ in 0..<5 {
                let refused = try other.ask(for: authority, as: "ana:word")
                refused.expect(503, "connection_limit_reached")
            }
            withExtendedLifetime((first, second, third)) {}
        }

        @Test func `limits of users need users`() throws {
            let folder = try Policies.folder(Self.policy("per-user: {tunnels: 1}"))
            let flags = ["--listen", "127.0.0.1:0", "--policy", folder.path("policy.yaml")]
            let outcome = try Program.run(Culvert.program, flags, within: 30)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("the rule 'a' is about users, whom nobody knows"))
        }

        // MARK: Addresses of two rules

        /// Rules for IPv6 and IPv4 apart, and a name that has both, of which IPv6 is tried first.
        private static func startApart(
            six: Int,
            four: Int
        ) throws -> (culvert: Culvert, folder: Folder, names: NameServer) {
            let names = try NameServer { _ in .addresses(["::1", "127.0.0.1"]) }
            let folder = try Policies.folder(
                """
                rules:
                - {name: six, action: allow, networks: "::1", ports: any, limits: {tunnels: \(six)}}
                - {name: four, action: allow, networks: 127.0.0.1, ports: any,
                   limits: {tunnels: \(four)}}
                """
            )
            let files = ["--policy", folder.path("policy.yaml"), "--workers", "1"]
            let flags = Culvert.openFlags + ["--tls-ports", "none"] + files + names.flags
            return (try Culvert(flags), folder, names)
        }

        @Test func `each address is asked for by its rule before it is dialled`() throws {
            let (culvert, _, names) = try Self.startApart(six: 1, four: 1)
            let origin = try Origin()
            let first = try Stream.tunnel(culvert, to: origin.authority)
            _ = try origin.accept()
            // Nobody listens there by IPv6, and by IPv4 there are as many as may be.
            let both = "both.test:\(origin.endpoint.port)"
            try culvert.ask(for: both).expect(502, "connection_refused")
            #expect(origin.hasNoVisitor)
            first.reset()
            try culvert.wait(until: "tunnels", is: 0)
            _ = try Stream.tunnel(culvert, to: both)
            withExtendedLifetime(names) {}
        }

        @Test func `a tunnel of which two rules are asked is counted by that of its address`()
            throws
        {
            let (culvert, _, names) = try Self.startApart(six: 1, four: 2)
            let origin = try Origin()
            let hole = try BlackHole("::1", port: origin.endpoint.port)
            let both = "both.test:\(origin.endpoint.port)"
            // IPv6 doesn't answer, so both are tried.
            var open = try (0..<2).map { _ in try Stream.tunnel(culvert, to: both) }
            let six = try Origin("::1")
            open.append(try Stream.tunnel(culvert, to: six.authority))
            try culvert.ask(for: six.authority).expect(503, "connection_limit_reached")
            for stream in open { stream.reset() }
            try culvert.expectEmpty()
            // And if it answers in the end, it is counted by IPv6 alone.
            let silent = try BlackHole("127.0.0.1")
            let late = try BlackHole("::1", port: silent.endpoint.port)
            let client = try Stream.asking(culvert, for: "both.test:\(silent.endpoint.port)")
            usleep(600_000)
            _ = try late.open()
            #expect(try client.receiveHead().hasPrefix("HTTP/1.1 200 "))
            try culvert.ask(for: six.authority).expect(503, "connection_limit_reached")
            let four = try (0..<2).map { _ in
                try Stream.tunnel(culvert, to: origin.authority)
            }
            try culvert.ask(for: origin.authority).expect(503, "connection_limit_reached")
            withExtendedLifetime((client, four, hole, names)) {}
        }

        // MARK: In a second

        @Test func `tunnels are opened no faster than the rule lets them`() throws {
            let (culvert, _) = try Self.start("new-per-second: 20", ["--workers", "2"])
            let origin = try Origin()
            let clock = ContinuousClock()
            let start = clock.now
            var open: [Stream] = []
            var refused = 0
            while clock.now - start < .milliseconds(600) {
                let client = try Stream(to: culvert.endpoint)
                try client.send("CONNECT \(origin.authority) HTTP/1.1\r\nHost: a\r\n\r\n")
                let head = try client.receiveHead()
                if head.hasPrefix("HTTP/1.1 200 ") {
                    open.append(client)
                } else {
                    refused += 1
                    #expect(head.hasPrefix("HTTP/1.1 429 ") && head.contains("Retry-After: 1\r\n"))
                    #expect(head.contains("error=http_request_denied; details=\"too many tunnels"))
                }
            }
            let seconds = (clock.now - start) / .seconds(1)
            // One more may be in the making.
            #expect(open.count >= 25 && Double(open.count) <= 21 + 20 * seconds, "\(seconds)")
            #expect(refused > 0)
            #expect(try culvert.status()["limit_refused"] == refused)
        }

        // MARK: Reading again

        @Test func `rules that are read again go on counting the tunnels that are open`() throws {
            let (culvert, folder) = try Self.start("tunnels: 2", ["--workers", "1"])
            let origin = try Origin()
            let open = try (0..<2).map { _ in try Stream.tunnel(culvert, to: origin.authority) }
            func reload(_ limits: String) throws {
                let start = culvert.notices.all.count
                try folder.write("policy.yaml", Data(Self.policy(limits).utf8))
                culvert.signal(SIGHUP)
                _ = try culvert.notices.first(from: start) { $0.contains(" rules read again") }
            }
            try reload("tunnels: 3")
            let third = try Stream.tunnel(culvert, to: origin.authority)
            try culvert.ask(for: origin.authority).expect(503, "connection_limit_reached")
            try reload("tunnels: 1")
            try culvert.ask(for: origin.authority).expect(503, "connection_limit_reached")
            try reload("")
            try reload("tunnels: 2")
            try culvert.ask(for: origin.authority).expect(503, "connection_limit_reached")
            try reload("bytes: 1GiB")
            let fourth = try Stream.tunnel(culvert, to: origin.authority)
            for stream in open + [third, fourth] { stream.reset() }
            try culvert.expectEmpty()
            try reload("tunnels: 1")
            let last = try Stream.tunnel(culvert, to: origin.authority)
            try culvert.ask(for: origin.authority).expect(503, "connection_limit_reached")
            withExtendedLifetime(last) {}
        }

        @Test func `explain tells the limits`() throws {
            let limits =
                "tunnels: 5, new-per-second: 2, bytes-per-second: {down: 1MiB}, bytes: 1GiB, "
                + "lifetime: 2h, per-user: {tunnels: 1}"
            let folder = try Policies.folder(Self.policy(limits))
            let users = try folder.writeUsers(["ana"])
            let flags = ["--policy", folder.path("policy.yaml"), "--user", "ana"] + users
            let words = ["explain", "--allow-private"] + flags + ["127.0.0.1:443"]
            let outcome = try Program.run(Culvert.program, words)
            let expected =
                "tls required, 5 tunnels, 2 new/s, down 1MiB/s, 1 tunnels per user, 1GiB each, "
                + "2h each\n"
            #expect(outcome.output.contains(expected), "\(outcome.output)\(outcome.errors)")
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Name servers that lie, and names that lead astray.
    @Suite struct HostileNames {
        /// A culvert that asks `names`, and may dial 127.0.0.1 but nothing else that isn't public.
        private static func start(_ names: NameServer, _ flags: [String] = []) throws -> Culvert {
            let own = ["--allow-network", "127.0.0.1", "--allow-port", "any", "--workers", "1"]
            return try Culvert(own + names.flags + flags)
        }

        /// What became of a request for `host`: where it was dialled, or the word of its refusal.
        private func fate(of host: String, _ origin: Origin, by culvert: Culvert) throws -> String {
            let records = culvert.journal.all.count
            let authority = "\(host):\(origin.endpoint.port)"
            let client = try Stream.asking(culvert, for: authority)
            let isOpen = try client.receiveHead().hasPrefix("HTTP/1.1 200 ")
            client.reset()
            let end = try culvert.end(of: authority, from: records)
            return end[isOpen ? "address" : "reason"] as? String ?? ""
        }

        /// The one address that may be dialled.
        private func here(_ origin: Origin) -> String { "127.0.0.1:\(origin.endpoint.port)" }

        // MARK: Aliases

        @Test(arguments: [
            (["metadata.internal"], "169.254.169.254"), (["intranet"], "10.0.0.1"),
            (["localhost"], "127.0.0.2"), (["a.example", "b.example", "c.example"], "127.0.0.3"),
            (["a.example"], "0.0.0.0"), (["a.example"], "::ffff:169.254.169.254"),
            (["a.example"], "64:ff9b::a00:1"), (["a.example"], "fe80::1"),
        ])
        func `an alias of an internal name leads nowhere`(names: [String], to: String) throws {
            let server = try NameServer { _ in .alias(names, [to]) }
            let culvert = try Self.start(server)
            let origin = try Origin("0.0.0.0")
            let word = try fate(of: "public.test", origin, by: culvert)
            #expect(["http_request_denied", "destination_ip_prohibited"].contains(word))
            #expect(origin.hasNoVisitor)
            try culvert.expectEmpty()
            // Without a list of networks it is the kind of the address that forbids it.
            let plain = try Culvert(["--allow-port", "any"] + server.flags)
            let kind = try fate(of: "public.test", origin, by: plain)
            #expect(kind == "destination_ip_prohibited")
        }

        @Test(arguments: ["0x7f.1", "2130706433", "127.1"])
        func `an alias that some take for an address is a name`(alias: String) throws {
            let server = try NameServer { _ in .alias([alias], []) }
            let culvert = try Culvert(Culvert.openFlags + server.flags)
            let origin = try Origin("0.0.0.0")
            #expect(try fate(of: "public.test", origin, by: culvert) == "dns_error")
            #expect(origin.hasNoVisitor)
        }

        @Test func `rules are about the name that was asked for, and not about its aliases`()
            throws
        {
            let server = try NameServer { question in
                .alias([question.name == "good.test" ? "bad.test" : "good.test"], ["127.0.0.1"])
            }
            let policy = """
                rules:
                  - {name: a, action: allow, hosts: good.test, networks: 127.0.0.1, ports: any}
                """
            let folder = try Policies.folder(policy)
            let culvert = try Culvert(server.flags + ["--policy", folder.path("policy.yaml")])
            let origin = try Origin("0.0.0.0")
            #expect(try fate(of: "good.test", origin, by: culvert) == here(origin))
            #expect(try fate(of: "bad.test", origin, by: culvert) == "http_request_denied")
            #expect(!server.questions.contains { $0.name == "bad.test" })
        }

        @Test func `aliases in a circle are no name, and addresses of others aren't its own`()
            throws
        {
            let server = try NameServer { question in
                switch question.name {
                case "circle.test": .alias(["b.test", "circle.test", "b.test"], [])
                case "self.test": .alias(["self.test"], [])
                default: .others("victim.test", ["127.0.0.1"])
                }
            }
            let culvert = try Self.start(server)
            let origin = try Origin("0.0.0.0")
            for host in ["circle.test", "self.test", "others.test"] {
                #expect(try fate(of: host, origin, by: culvert) == "dns_error", "\(host)")
            }
            // Nor has the cache learned anything about whom it wasn't asked.
            #expect(try fate(of: "victim.test", origin, by: culvert) == here(origin))
            #expect(server.questions.contains { $0.name == "victim.test" })
        }

        // MARK: Length

        @Test func `an answer that doesn't fit is asked for by TCP, and its beginning not used`()
            throws
        {
            let server = try NameServer { _ in .tooLong("127.0.0.2", .addresses(["127.0.0.1"])) }
            let culvert = try Self.start(server)
            let origin = try Origin("0.0.0.0")
            #expect(try fate(of: "long.test", origin, by: culvert) == here(origin))
            let ways = Set(server.questions.map(\.isTCP))
            #expect(ways == [true, false])
            #expect(try culvert.settled()["descriptors"] == 0)
        }

        @Test func `a huge answer is read, and of it only what is allowed is dialled`() throws {
            let bad = (0..<4000).map { "10.0.\($0 >> 8).\($0 & 255)" }
            let server = try NameServer { question in
                let isGood = question.name == "good.test"
                let first = isGood ? ["10.9.9.9", "127.0.0.1"] : []
                return .tooLong("127.0.0.1", .addresses(first + bad.dropLast(first.count)))
            }
            let culvert = try Self.start(server)
            let origin = try Origin("0.0.0.0")
            #expect(try fate(of: "good.test", origin, by: culvert) == here(origin))
            #expect(try fate(of: "bad.test", origin, by: culvert) == "http_request_denied")
            #expect(try culvert.settled()["descriptors"] == 0)
            let plain = try Culvert(["--allow-port", "any"] + server.flags)
            #expect(try fate(of: "bad.test", origin, by: plain) == "destination_ip_prohibited")
        }

        @Test func `silence behind a truncated answer ends in time`() throws {
            let server = try NameServer { question in
                .tooLong("127.0.0.1", question.isTCP ? .silence : .addresses([]))
            }
            let culvert = try Self.start(server, ["--resolve-timeout", "400ms"])
            let origin = try Origin("0.0.0.0")
            let word = try fate(of: "silent.test", origin, by: culvert)
            #expect(["dns_timeout", "dns_error"].contains(word))
            #expect(origin.hasNoVisitor)
            #expect(try culvert.settled()["descriptors"] == 0)
        }

        // MARK: Times

        /// Each time another address, of which only the first may be dialled.
        private static func flipping(ttl: UInt32) throws -> NameServer {
            let isFirst = DispatchSemaphore(value: 0)
            isFirst.signal()
            return try NameServer { question in
                guard !question.isAAAA else { return .addresses([], ttl: ttl) }
                let isGood = isFirst.wait(timeout: .now()) == .success
                return .addresses([isGood ? "127.0.0.1" : "10.0.0.1"], ttl: ttl)
            }
        }

        @Test(arguments: [0, 0x8000_0000, 0xffff_ffff] as [UInt32])
        func `an address without a sane time is asked for and judged anew`(ttl: UInt32) throws {
            let server = try Self.flipping(ttl: ttl)
            let culvert = try Self.start(server)
            let origin = try Origin("0.0.0.0")
            #expect(try fate(of: "flip.test", origin, by: culvert) == here(origin))
            #expect(try fate(of: "flip.test", origin, by: culvert) == "http_request_denied")
        }

        @Test func `an address is kept for its time, and judged anew when that is over`() throws {
            let server = try Self.flipping(ttl: 1)
            let culvert = try Self.start(server)
            let origin = try Origin("0.0.0.0")
            for _ in 0..<3 {
                #expect(try fate(of: "flip.test", origin, by: culvert) == here(origin))
            }
            var word = here(origin)
            for _ in 0..<300 where word == here(origin) {
                usleep(10000)
                word = try fate(of: "flip.test", origin, by: culvert)
            }
            #expect(word == "http_request_denied")
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Hosts and networks that flags allow and deny.
    @Suite struct RuleFlags {
        private static let anyPort = ["--allow-port", "any"]

        private func expectRule(
            _ culvert: Culvert,
            _ authority: String,
            _ rule: String?,
            _ detail: String = ""
        ) throws {
            let end = try culvert.end(of: authority)
            #expect(end["rule"] as? String == rule)
            #expect(end["reported"] is NSNull)
            #expect(end["detail"] as? String == detail)
        }

        @Test func `curl gets through to an allowed host, and to no other`() throws {
            let origin = try WebOrigin()
            let flags = ["--allow-host", "ORIGIN.test.", "--allow-host", "*.example.com"]
            let culvert = try Culvert(origin.openFlags + flags)
            let digest = try origin.makeFile("data", bytes: 1000)
            let output = try Folder()
            let more = ["--output", output.path("data"), "--write-out", "%{http_connect}"]
            let curl = try origin.curl(through: culvert, origin.url("data"), more)
            #expect(curl.output == "200", "\(curl.errors)")
            #expect(try WebOrigin.digest(output.path("data")) == digest)
            try expectRule(culvert, origin.authority, "--allow-host")
            for host in ["example.com", "origin.test.example.net", "127.0.0.1"] {
                let curl = try origin.curl(through: culvert, "https://\(host)/", more)
                #expect(curl.output == "403", "\(curl.errors)")
                let detail = "no rule of this proxy allows the target; ask the operator"
                try expectRule(culvert, "\(host):443", nil, detail)
            }
        }

        @Test func `a denied host is refused by every spelling, and never looked up`() throws {
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let flags = ["--deny-host", "*.Secret.test", "--deny-host", "secret.test"]
            let culvert = try Culvert(Culvert.openFlags + names.flags + flags)
            for name in ["secret.test", "SECRET.test.", "a.b.secret.TEST"] {
                let refused = try culvert.ask(for: "\(name):443")
                refused.expect(403, "http_request_denied")
                #expect(refused.body.hasSuffix(": a rule of this proxy denies the target\n"))
            }
            #expect(names.questions == [])
            let end = try culvert.end(of: "a.b.secret.test:443")
            #expect(end["rule"] as? String == "--deny-host")
            let origin = try Origin()
            let authority = "notsecret.test:\(origin.endpoint.port)"
            let tunnel = try Stream.tunnel(culvert, to: authority)
            let open = try culvert.record("open")
            #expect(open["rule"] as? String == "--allow-port")
            withExtendedLifetime(tunnel) {}
        }

        @Test func `an allowed host within an allowed network is dialled`() throws {
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let origin = try Origin()
            let rules = ["--allow-host", "*.inside.test", "--allow-network", "127.0.0.0/8"]
            let culvert = try Culvert(rules + Self.anyPort + names.flags)
            for host in ["a.inside.test", "b.other.test"] {
                let authority = "\(host):\(origin.endpoint.port)"
                let tunnel = try Stream.tunnel(culvert, to: authority)
                let open = try culvert.record("open") { $0["authority"] as? String == authority }
                #expect(open["rule"] as? String == "--allow-network")
                tunnel.close()
            }
        }

        @Test func `an allowed network is dialled though it is private`() throws {
            let names = try NameServer { question in
                .addresses(
                    question.name == "inside.test" ? ["10.9.9.9", "127.0.0.1"] : ["8.8.8.8"]
                )
            }
            let origin = try Origin()
            let flags = ["--allow-network", "127.0.0.0/8"] + Self.anyPort + names.flags
            let culvert = try Culvert(flags)
            for host in ["127.0.0.1", "inside.test"] {
                let authority = "\(host):\(origin.endpoint.port)"
                let tunnel = try Stream.tunnel(culvert, to: authority)
                let open = try culvert.record("open") { $0["authority"] as? String == authority }
                #expect(open["address"] as? String == origin.authority)
                #expect(open["rule"] as? String == "--allow-network")
                tunnel.close()
            }
            for host in ["10.0.0.1", "outside.test", "[::ffff:8.8.8.8]"] {
                let refused = try culvert.ask(for: "\(host):443")
                refused.expect(403, "http_request_denied")
                #expect(refused.body.contains(": no rule of this proxy allows the target;"))
            }
            try culvert.ask(for: "\(culvert.endpoint)").expect(502, "proxy_loop_detected")
        }

        @Test func `a denied network is refused under every cover`() throws {
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let flags = ["--deny-network", "127.0.0.1"] + Culvert.openFlags + names.flags
            let culvert = try Culvert(flags)
            let covers = ["127.0.0.1", "[::ffff:127.0.0.1]", "[64:ff9b::127.0.0.1]", "a.test"]
            for host in covers {
                let refused = try culvert.ask(for: "\(host):443")
                refused.expect(403, "http_request_denied")
                let detail = "a rule of this proxy denies the address of the target"
                #expect(refused.body.hasSuffix(": \(detail)\n"))
            }
            try expectRule(
                culvert,
                "a.test:443",
                "--deny-network",
                "a rule of this proxy denies the address of the target"
            )
            let other = try culvert.ask(for: "127.0.0.2:1")
            other.expect(502, "connection_refused")
        }

        @Test(arguments: [
            ("--allow-host", "*"), ("--allow-host", "a.*.com"), ("--deny-host", "https://a.com"),
            ("--allow-network", "10.0.0.1/8"), ("--deny-network", "example.com"),
        ])
        func `what is no host or network stops the start`(flag: String, value: String) throws {
            let outcome = try Program.run(Culvert.program, [flag, value], within: 30)
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains("The value '\(value)' is invalid for '\(flag) <"))
        }
    }
}

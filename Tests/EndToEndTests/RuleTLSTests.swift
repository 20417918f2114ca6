import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Rules that say what the first bytes of their tunnels must be.
    @Suite struct RuleTLS {
        private static let policy = """
            rules:
              - {name: name, action: allow, hosts: tls.example, ports: any, tls: sni}
              - {name: other name, action: allow, hosts: other.test, ports: any, tls: sni}
              - {name: any name, action: allow, hosts: any.test, ports: any, tls: required}
              - {name: bytes, action: allow, hosts: bytes.test, ports: any, tls: off}
              - {name: flags, action: allow, ports: any}
            """

        private static func start(
            _ flags: [String],
            _ names: NameServer
        ) throws -> (Culvert, Folder) {
            let folder = try Policies.folder(policy)
            let files = ["--policy", folder.path("policy.yaml")] + names.flags
            return (try Culvert(Culvert.openFlags + files + flags), folder)
        }

        /// Why a tunnel to `host` ended into which `bytes` were sent, or that they came through.
        private func fate(of bytes: [UInt8], to host: String, _ culvert: Culvert) throws -> String {
            let origin = try Origin()
            let authority = "\(host):\(origin.endpoint.port)"
            let client = try Stream.tunnel(culvert, to: authority)
            let upstream = try origin.accept()
            try client.send(bytes)
            let received = (try? upstream.receive(exactly: bytes.count)) ?? []
            if received == bytes { return "passes" }
            return try culvert.end(of: authority)["reason"] as? String ?? ""
        }

        @Test(arguments: ["any", "none"])
        func `a rule stands above the flags`(ports: String) throws {
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let (culvert, _) = try Self.start(["--tls-ports", ports], names)
            let hello = ClientHello("curl").bytes
            let plain = Array("SSH-2.0-x\r\n".utf8)
            #expect(try fate(of: hello, to: "tls.example", culvert) == "passes")
            #expect(try fate(of: hello, to: "other.test", culvert) == "tls-sni-mismatch")
            let nameless = try fate(of: TLSNames.unnamed, to: "tls.example", culvert)
            #expect(nameless == "tls-sni-missing")
            #expect(try fate(of: hello, to: "any.test", culvert) == "passes")
            #expect(try fate(of: plain, to: "any.test", culvert) == "not-tls")
            #expect(try fate(of: plain, to: "bytes.test", culvert) == "passes")
            let rest = ports == "any" ? "not-tls" : "passes"
            #expect(try fate(of: plain, to: "rest.test", culvert) == rest)
        }

        @Test func `a further name and an encrypted hello are for the flags to say`() throws {
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let further = ["--tls-sni-allow", "*.example", "--tls-ech", "deny"]
            let (culvert, _) = try Self.start(further, names)
            let hello = ClientHello("curl").bytes
            #expect(try fate(of: hello, to: "other.test", culvert) == "passes")
            let (lax, _) = try Self.start(["--tls-sni-missing", "allow"], names)
            #expect(try fate(of: TLSNames.unnamed, to: "tls.example", lax) == "passes")
            let hidden = ClientHello("chromium").bytes
            #expect(try fate(of: hidden, to: "any.test", culvert) == "tls-ech-refused")
            #expect(try fate(of: hidden, to: "bytes.test", culvert) == "passes")
        }

        @Test func `the rule of the address that is dialled counts`() throws {
            let policy = """
                rules:
                  - {name: near, action: allow, networks: 127.0.0.2, ports: any, tls: required}
                  - {name: rest, action: allow, ports: any}
                """
            let names = try NameServer { question in
                .addresses([question.name.hasPrefix("near") ? "127.0.0.2" : "127.0.0.1"])
            }
            let folder = try Policies.folder(policy)
            let files = ["--policy", folder.path("policy.yaml")] + names.flags
            let culvert = try Culvert(Culvert.openFlags + files + ["--tls-ports", "none"])
            let origin = try Origin("0.0.0.0")
            for (host, reason) in [("near.test", "not-tls"), ("far.test", "client_left")] {
                let authority = "\(host):\(origin.endpoint.port)"
                let client = try Stream.tunnel(culvert, to: authority)
                try client.send("220 hello\r\n")
                let upstream = try origin.accept()
                if reason == "not-tls" {
                    #expect(try client.receiveToEnd().end == .reset)
                    #expect(try culvert.end(of: authority)["reason"] as? String == reason)
                } else {
                    #expect(try upstream.receive(exactly: 11) == Array("220 hello\r\n".utf8))
                }
            }
        }

        @Test func `curl passes a rule that wants the name of the host`() throws {
            let origin = try WebOrigin()
            let policy = """
                rules: [{name: web, action: allow, hosts: \(WebOrigin.name), ports: any, tls: sni}]
                """
            let folder = try Policies.folder(policy)
            let flags = ["--policy", folder.path("policy.yaml"), "--tls-ports", "none"]
            let culvert = try Culvert(origin.openFlags + flags)
            let digest = try origin.makeFile("data", bytes: 100_000)
            let curl = try origin.curl(
                through: culvert,
                origin.url("data"),
                ["-o", folder.path("data")]
            )
            #expect(curl.status == 0, "\(curl.errors)")
            #expect(try WebOrigin.digest(folder.path("data")) == digest)
        }

        @Test func `new rules change what is demanded of new tunnels`() throws {
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let (culvert, folder) = try Self.start(["--workers", "1"], names)
            let plain = Array("SSH-2.0-x\r\n".utf8)
            #expect(try fate(of: plain, to: "bytes.test", culvert) == "passes")
            let changed = Self.policy.replacing("tls: off", with: "tls: required")
            try folder.write("policy.yaml", Data(changed.utf8))
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains(" rules read again") }
            #expect(try fate(of: plain, to: "bytes.test", culvert) == "not-tls")
        }

        // MARK: Commands

        @Test func `explain and test tell what is demanded`() throws {
            let folder = try Policies.folder(Self.policy)
            let file = folder.path("policy.yaml")
            let names = try NameServer { _ in .addresses(["8.8.8.8"]) }
            for (host, flags, demand) in [
                ("tls.example", [], "sni"), ("any.test", [], "required"),
                ("bytes.test", ["--tls-ports", "any"], "off"), ("rest.test", [], "required"),
                ("rest.test", ["--tls-ports", "none"], "off"),
                ("rest.test", ["--tls-sni", "match"], "sni"),
            ] {
                let words = ["explain", "--policy", file] + names.flags + flags + ["\(host):443"]
                let outcome = try Program.run(Culvert.program, words)
                #expect(outcome.output.contains("'  tls \(demand)\n"), "\(outcome.output)")
            }
            let cases = """
                cases:
                  - {to: "tls.example:1", expect: allow, tls: sni}
                  - {to: "rest.test:443", expect: allow, tls: required}
                  - {to: "rest.test:22", expect: allow, tls: off}
                  - {to: "bytes.test:443", expect: allow, tls: required}
                """
            try folder.write("cases.yaml", Data(cases.utf8))
            let words = ["test", "--policy", file, folder.path("cases.yaml")]
            let outcome = try Program.run(Culvert.program, words)
            #expect(
                outcome.output == """
                    \(folder.path("cases.yaml")):5:5: anybody at 127.0.0.1 to bytes.test:443: \
                    allowed by 'bytes', tls off, expected allowed, tls required
                    4 cases, 1 differences

                    """
            )
        }

        @Test func `users that aren't there are told of at check, start and reload`() throws {
            let folder = try Policies.folder(
                "groups: {staff: [ana]}\nrules:\n- {name: a, action: allow, groups: staff}\n"
            )
            let file = folder.path("policy.yaml")
            let flags = ["--policy", file] + (try folder.writeUsers(["ben"]))
            let warning = "\(file):1:18: warning: there is no user 'ana' in the file of --users"
            let check = try Program.run(Culvert.program, ["check"] + flags)
            #expect(check.output == "\(warning)\n1 rule, 0 errors, 1 warning\n")
            #expect(check.status == 0)
            let culvert = try Culvert(flags)
            _ = try culvert.notices.first { $0.contains(warning) }
            try folder.write(
                "policy.yaml",
                Data("rules:\n- {name: a, action: allow, users: [ben, cleo]}\n".utf8)
            )
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains("\(file):2:41: warning: there is no user") }
            let none = try Program.run(Culvert.program, ["check", "--policy", file])
            #expect(none.output.hasPrefix("note: the rule 'a' is about users"))
            #expect(none.output.hasSuffix("\n1 rule, 0 errors, 0 warnings\n"))
            let gone = ["check", "--policy", file, "--users", "/nonexistent/users"]
            #expect(try Program.run(Culvert.program, gone).status != 0)
        }
    }
}

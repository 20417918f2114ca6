import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Rules of a file.
    @Suite struct Policies {
        static func folder(_ policy: String) throws -> Folder {
            let folder = try Folder()
            try folder.write("policy.yaml", Data(policy.utf8))
            return folder
        }

        private func start(_ policy: String, _ flags: [String]) throws -> (Culvert, Folder) {
            let folder = try Self.folder(policy)
            return (try Culvert(flags + ["--policy", folder.path("policy.yaml")]), folder)
        }

        private func expectRefusal(
            of authority: String,
            by culvert: Culvert,
            rule: String?,
            reported: String? = nil
        ) throws {
            try culvert.ask(for: authority).expect(403, "http_request_denied", "\(authority)")
            let end = try culvert.end(of: authority)
            #expect(end["rule"] as? String == rule, "\(authority)")
            #expect(end["reported"] as? String == reported, "\(authority)")
        }

        // MARK: Deciding

        @Test func `curl goes where the rules of its user let it`() throws {
            let origin = try WebOrigin()
            let policy = """
                groups: {staff: [ana]}
                rules:
                  - {name: staff, action: allow, groups: staff, hosts: "*.test", ports: any}
                  - {name: guests, action: allow, users: ben, hosts: "*.example"}
                """
            let folder = try Self.folder(policy)
            let users = try folder.writeUsers(["ana", "ben"])
            let file = ["--policy", folder.path("policy.yaml")]
            let culvert = try Culvert(origin.openFlags + file + users)
            _ = try origin.makeFile("data", bytes: 10)
            for (user, status) in [("ana", "200"), ("ben", "403")] {
                let flags = ["-U", "\(user):word", "-o", "/dev/null", "-w", "%{http_connect}"]
                let curl = try origin.curl(through: culvert, origin.url("data"), flags)
                #expect(curl.output == status, "\(curl.errors)")
            }
            let open = try culvert.record("open")
            #expect(open["user"] as? String == "ana" && open["rule"] as? String == "staff")
            let end = try culvert.record("end") { $0["user"] as? String == "ben" }
            #expect(end["rule"] is NSNull && end["status"] as? Int == 403)
        }

        @Test func `the first match decides, a report is told, and the rest is denied`() throws {
            let origin = try Origin()
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let policy = """
                rules:
                  - {name: watch, action: report, hosts: "*.b.test"}
                  - {name: secret, action: deny, hosts: secret.b.test}
                  - {name: watch loopback, action: report, networks: 127.0.0.0/8}
                  - {name: some, action: allow, hosts: ["*.test"], ports: 1024-65535,
                     networks: 127.0.0.1}
                """
            let (culvert, _) = try start(policy, names.flags)
            let port = origin.endpoint.port
            for (host, report) in [("a.test", "watch loopback"), ("x.b.test", "watch")] {
                let tunnel = try Stream.tunnel(culvert, to: "\(host):\(port)")
                let open = try culvert.record("open") {
                    $0["authority"] as? String == "\(host):\(port)"
                }
                #expect(open["rule"] as? String == "some")
                #expect(open["reported"] as? String == report)
                tunnel.close()
            }
            let count = names.questions.count
            try expectRefusal(
                of: "secret.b.test:\(port)",
                by: culvert,
                rule: "secret",
                reported: "watch"
            )
            try expectRefusal(of: "a.test:443", by: culvert, rule: nil)
            try expectRefusal(of: "a.example:\(port)", by: culvert, rule: nil)
            #expect(names.questions.count == count)
        }

        @Test func `a rule opens the private network that it names, and no more`() throws {
            let names = try NameServer { question in
                switch question.name {
                case "near.test": .addresses(["127.0.0.2"])
                default: .addresses(["127.0.0.1"])
                }
            }
            let origin = try Origin()
            let policy = """
                rules:
                  - {name: one, action: allow, hosts: "*.test", networks: 127.0.0.1, ports: any}
                  - {name: all, action: allow, networks: 0.0.0.0/0, ports: any}
                """
            let (culvert, _) = try start(policy, names.flags)
            let tunnel = try Stream.tunnel(culvert, to: "here.test:\(origin.endpoint.port)")
            #expect(try culvert.record("open")["rule"] as? String == "one")
            for host in ["near.test", "127.0.0.1", "10.0.0.1", "224.0.0.1"] {
                try culvert.ask(for: "\(host):443").expect(502, "destination_ip_prohibited")
                #expect(try culvert.end(of: "\(host):443")["rule"] as? String == "all")
            }
            try culvert.ask(for: "here.test:\(culvert.endpoint.port)")
                .expect(502, "proxy_loop_detected")
            withExtendedLifetime(tunnel) {}
        }

        @Test func `a rule holds at its clients and times`() throws {
            let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
            let today = (Calendar(identifier: .gregorian).component(.weekday, from: .now) + 5) % 7
            // The test may go on past midnight.
            let open = "\(days[(today + 6) % 7])-\(days[(today + 1) % 7])"
            let shut = "\(days[(today + 2) % 7])-\(days[(today + 5) % 7])"
            let policy = """
                rules:
                  - {name: shut, action: deny, times: \(shut)}
                  - {name: elsewhere, action: deny, clients: [192.0.2.0/24, "::/0"]}
                  - {name: open, action: allow, clients: 127.0.0.1, times: \(open), ports: any}
                """
            let (culvert, _) = try start(policy, Culvert.openFlags)
            let origin = try Origin()
            let tunnel = try Stream.tunnel(culvert, to: origin.authority)
            #expect(try culvert.record("open")["rule"] as? String == "open")
            let other = try Stream(to: culvert.endpoint, from: "127.0.0.2")
            try other.send("CONNECT \(origin.authority) HTTP/1.1\r\nHost: a\r\n\r\n")
            try Refused(from: other).expect(403, "http_request_denied")
            withExtendedLifetime(tunnel) {}
        }

        @Test(arguments: ["UTC0", "AAA-13", "AAA9:30", "EST5EDT,0/0,J365/25", ":Asia/Kolkata"])
        func `times are by the clock of the machine`(zone: String) throws {
            let clock = ["-c", "date -d -2min +%H:%M; date -d +30min +%H:%M; date -d -2min +%a"]
            let environment = ["TZ": zone, "LC_ALL": "C"]
            let words = try Program.output(of: "sh", clock, environment: environment)
                .split(separator: "\n")
            // Where that goes on past midnight it begins on the day before.
            let policy = """
                rules:
                  - {name: other days, action: deny, times: \(words[1])-\(words[0])}
                  - {name: now, action: allow, times: "\(words[2]) \(words[0])-\(words[1])",
                     ports: any}
                """
            let folder = try Self.folder(policy)
            let command = ["env", "TZ=\(zone)", try Culvert.program, "--listen", "127.0.0.1:0"]
            let flags = ["--journal", "-", "--policy", folder.path("policy.yaml")]
            let culvert = try Culvert(command: command + flags + Culvert.openFlags)
            let origin = try Origin()
            _ = try Stream.tunnel(culvert, to: origin.authority)
            #expect(try culvert.record("open")["rule"] as? String == "now")
        }

        // MARK: Reading

        @Test(arguments: [
            ("", "1:1: error: the file is empty: a policy has rules"),
            ("rules:\n- {name: a, action: allow, host: a.test}\n", "2:28: error: there is no key"),
            (
                "rules:\n- {name: a, action: deny}\n- {name: b, action: allow}\n",
                "3:3: error: the rule 'b' never decides: the rule 'a' of line 2 matches"
            ),
        ])
        func `a file that can't be used stops the start`(policy: String, words: String) throws {
            let path = try Self.folder(policy)
            let file = path.path("policy.yaml")
            let flags = ["--listen", "127.0.0.1:0", "--policy", file]
            let outcome = try Program.run(Culvert.program, flags, within: 30)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("--policy \(file): can't be used\n\(file):\(words)"))
        }

        @Test func `a file that isn't there stops the start, as do users whom nobody knows`()
            throws
        {
            let folder = try Self.folder("rules: [{name: a, action: allow, users: ana}]")
            let file = folder.path("policy.yaml")
            for (file, words) in [
                ("/nonexistent/policy", "can't be read (open: "),
                (file, "the rule 'a' is about users, whom nobody knows without --users"),
            ] {
                let flags = ["--listen", "127.0.0.1:0", "--policy", file]
                let outcome = try Program.run(Culvert.program, flags, within: 30)
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("--policy \(file): \(words)"))
            }
            let both = ["--policy", file, "--deny-host", "a.test"]
            #expect(try Program.run(Culvert.program, both, within: 30).status == 64)
        }

        @Test func `what is doubtful is told, and serving begins`() throws {
            let (culvert, folder) = try start(
                "rules: [{name: a, action: allow, hosts: '*.com'}]",
                []
            )
            let path = folder.path("policy.yaml")
            _ = try culvert.notices.first { $0.contains("\(path):1:41: warning: anybody can") }
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// What an operator asks about a policy, without serving.
    @Suite struct PolicyCommands {
        private static let policy = """
            groups: {staff: [ana]}
            rules:
              - {name: watch, action: report, hosts: "*.b.test"}
              - {name: metadata, action: deny, networks: 169.254.0.0/16}
              - name: staff
                action: allow
                groups: staff
                hosts: [a.test, "*.b.test", mixed.test, none.test, local.test, meta.test]
                ports: [22, 443]
              - {name: local, action: allow, clients: 10.0.0.0/8, networks: 127.0.0.0/8}
            """

        private func run(_ arguments: [String]) throws -> Program.Outcome {
            try Program.run(Culvert.program, arguments, within: 60)
        }

        // MARK: Check

        @Test func `check passes a policy that can be used`() throws {
            let folder = try Policies.folder(Self.policy)
            let outcome = try run(["check", "--policy", folder.path("policy.yaml")])
            #expect(outcome.status == 0)
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.count == 2 && lines[0].hasPrefix("note: the rule 'staff' is about users"))
            #expect(lines.last == "4 rules, 0 errors, 0 warnings")
            try folder.writeUsers(["ana"])
            let users = ["check", "--policy", folder.path("policy.yaml"), "--users"]
            let known = try run(users + [folder.path("users")])
            #expect(known.status == 0 && !known.output.contains("note: "))
        }

        @Test func `check warns of a policy that allows nothing`() throws {
            let folder = try Policies.folder("rules: [{name: a, action: report, hosts: a.test}]")
            let outcome = try run(["check", "--policy", folder.path("policy.yaml")])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains(":1:9: warning: no rule allows anything"))
        }

        @Test func `check tells all that is wrong, and fails`() throws {
            let folder = try Policies.folder(
                "rules:\n- {name: a, action: allow, hosts: '*.com', port: 1}\n- {action: deny}\n"
            )
            let path = folder.path("policy.yaml")
            let outcome = try run(["check", "--policy", path])
            #expect(outcome.status == 1)
            let lines = outcome.output.split(separator: "\n")
            try #require(lines.count == 3)
            #expect(lines[2] == "2 rules, 2 errors, 0 warnings")
            #expect(lines[0].hasPrefix("\(path):2:44: error: there is no key 'port'; allowed are"))
            #expect(lines[1] == "\(path):3:3: error: a rule needs the key 'name'")
            let doubtful = try Policies.folder("rules: [{name: a, action: allow, hosts: '*.com'}]")
            let warned = try run(["check", "--policy", doubtful.path("policy.yaml")])
            #expect(warned.status == 0)
            #expect(warned.output.contains(":1:41: warning: anybody can have a name below"))
            #expect(warned.output.hasSuffix("\n1 rule, 0 errors, 1 warning\n"))
        }

        @Test func `check tells of more limits than can be kept, as the start does`() throws {
            let rules = (0...65536).map {
                "- {name: r\($0), action: allow, hosts: h\($0).test, limits: {tunnels: 1}}\n"
            }
            let folder = try Policies.folder("rules:\n" + rules.joined())
            let path = folder.path("policy.yaml")
            let outcome = try run(["check", "--policy", path])
            let words = "\(path):65538:61: error: at most 65536 rules can have limits\n"
            #expect(outcome.status == 1 && outcome.output.hasPrefix(words), "\(outcome.output)")
            let start = try run(["--listen", "127.0.0.1:0", "--policy", path])
            #expect(start.status == 1 && start.errors.contains(words))
        }

        @Test func `check fails without a file`() throws {
            let outcome = try run(["check", "--policy", "/nonexistent/policy"])
            #expect(outcome.status != 0)
            #expect(outcome.errors.contains("--policy /nonexistent/policy: can't be read (open: "))
        }

        // MARK: Test

        @Test func `test compares each case, and fails at a difference`() throws {
            let folder = try Policies.folder(Self.policy)
            let cases = """
                cases:
                  - {to: "a.test:443", user: ana, expect: allow, rule: staff}
                  - {to: "a.b.test:22", user: ana, expect: allow, reported: watch}
                  - {to: "a.test:80", user: ana, expect: deny}
                  - {to: "a.test:443", expect: deny}
                  - {to: "a.test:443", user: ana, address: 169.254.169.254, expect: deny,
                     rule: metadata}
                  - {to: "127.0.0.1:443", client: 10.1.2.3, expect: allow, rule: local}
                  - {to: "a.test:443", user: ana, address: 10.0.0.1, expect: deny}
                """
            try folder.write("cases.yaml", Data(cases.utf8))
            let flags = ["test", "--policy", folder.path("policy.yaml"), folder.path("cases.yaml")]
            let outcome = try run(flags)
            #expect(outcome.output == "7 cases, 0 differences\n")
            #expect(outcome.status == 0)

            let wrong = cases.replacing(
                "user: ana, expect: allow, rule",
                with: "expect: allow, rule"
            )
            try folder.write("cases.yaml", Data(wrong.utf8))
            let failed = try run(flags)
            #expect(failed.status == 1)
            let place = "\(folder.path("cases.yaml")):2:5"
            #expect(
                failed.output == """
                    \(place): anybody at 127.0.0.1 to a.test:443: denied by no rule, expected \
                    allowed by 'staff'
                    7 cases, 1 differences

                    """
            )
        }

        // MARK: Explain

        @Test func `explain tells the rule, what the name server said, and each address`() throws {
            let names = try NameServer { question in
                switch question.name {
                case "mixed.test": .addresses(["8.8.8.8", "169.254.169.254", "10.0.0.1"])
                case "none.test": .noSuchName
                default: .addresses(["127.0.0.1"])
                }
            }
            let folder = try Policies.folder(Self.policy)
            let flags =
                ["explain", "--policy", folder.path("policy.yaml")] + names.flags
                + (try folder.writeUsers(["ana"]))
            let mixed = try run(flags + ["--user", "ana", "mixed.test:443"])
            #expect(mixed.status == 0, "\(mixed.errors)")
            let rows = mixed.output.split(separator: "\n").map { line in
                line.split(separator: #/  +/#).map(String.init)
            }
            let denied =
                "403 http_request_denied: a rule of this proxy denies the address of the "
                + "target"
            let closed =
                "502 destination_ip_prohibited: the target is not a public address; the "
                + "operator can allow it"
            #expect(
                rows == [
                    ["request", "mixed.test:443", "goes on to its addresses"],
                    ["name", "AAAA", "the name has no such address"],
                    ["name", "A", "found"],
                    ["address", "8.8.8.8", "allowed", "rule 'staff'", "tls required"],
                    ["address", "169.254.169.254", denied, "rule 'metadata'"],
                    ["address", "10.0.0.1", closed, "rule 'staff'"],
                    ["verdict", "allowed"],
                ]
            )
            let count = names.questions.count
            let early = try run(flags + ["mixed.test:80"])
            #expect(early.output.contains("403 http_request_denied: no rule of this proxy allows"))
            #expect(early.output.hasSuffix("verdict  refused\n"))
            #expect(names.questions.count == count)
            let none = try run(flags + ["--user", "ana", "none.test:443"])
            #expect(none.output.contains("the name does not exist"))
            let loop = try run(
                flags + ["--client", "10.0.0.1", "--allow-port", "3128", "127.0.0.1:3128"]
            )
            #expect(loop.output.contains("502 proxy_loop_detected"))
        }

        @Test func `explain knows who wouldn't even be let in`() throws {
            let folder = try Policies.folder("rules: [{name: all, action: allow}]")
            let flags = ["--policy", folder.path("policy.yaml")] + (try folder.writeUsers(["ana"]))
            let culvert = try Culvert(flags)
            for (user, verdict) in [(nil, "refused"), ("eve", "refused"), ("ana", "allowed")] {
                let asking = user.map { ["--user", $0] } ?? []
                let explained = try run(["explain"] + flags + asking + ["8.8.8.8:443"])
                #expect(explained.output.hasSuffix("verdict  \(verdict)\n"))
                #expect(explained.output.contains("rule 'all'"))
                guard verdict == "refused" else { continue }
                let refused = try culvert.ask(for: "8.8.8.8:443", as: user.map { "\($0):word" })
                refused.expect(407, "http_request_denied")
                let words = refused.body.dropLast()
                #expect(explained.output.contains("\(user ?? "nobody")  "))
                #expect(explained.output.contains(words), "\(explained.output)")
            }
        }

        @Test func `explain says what serving does`() throws {
            let folder = try Policies.folder(Self.policy)
            let users = try folder.writeUsers(["ana"])
            let names = try NameServer { question in
                .addresses(question.name.hasPrefix("l") ? ["127.0.0.1"] : ["169.254.1.1"])
            }
            let flags = ["--policy", folder.path("policy.yaml")] + users + names.flags
            let culvert = try Culvert(flags)
            for host in ["local.test:443", "meta.test:443", "a.example:443", "127.0.0.1:443"] {
                let refused = try culvert.ask(for: host, as: "ana:word")
                let explained = try run(["explain"] + flags + ["--user", "ana", host])
                let words = "\(refused.status) \(refused.word): "
                #expect(explained.output.contains(words), "\(explained.output)")
                let end = try culvert.end(of: host)
                if let rule = end["rule"] as? String {
                    #expect(explained.output.contains("rule '\(rule)'"), "\(host)")
                }
            }
        }
    }
}

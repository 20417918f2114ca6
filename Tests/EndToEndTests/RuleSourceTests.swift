import Foundation
import Glibc
import Internet
import Testing

extension EndToEndTests {
    /// Rules that say from which address their targets are dialled.
    @Suite struct RuleSources {
        private static let policy = """
            rules:
              - {name: four, action: allow, hosts: four.test, ports: any, source: 127.0.0.7}
              - {name: both, action: allow, hosts: both.test, ports: any,
                 source: [127.0.0.8, "::1"]}
              - {name: six, action: allow, hosts: six.test, ports: any, source: "::1"}
              - {name: flags, action: allow, ports: any}
            """

        @Test func `each target is dialled from the source of its rule`() throws {
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let folder = try Policies.folder(Self.policy)
            let files = ["--policy", folder.path("policy.yaml"), "--bind", "127.0.0.9"]
            let culvert = try Culvert(
                Culvert.openFlags + files + names.flags + ["--tls-ports", "none"]
            )
            let origin = try Origin()
            for (host, source) in [
                ("four.test", "127.0.0.7"), ("both.test", "127.0.0.8"), ("rest.test", "127.0.0.9"),
            ] {
                let client = try Stream.tunnel(culvert, to: "\(host):\(origin.endpoint.port)")
                let upstream = try origin.accept()
                #expect(SocketName.peer(of: upstream.descriptor) == source)
                client.close()
            }
            let six = try Origin("::1")
            let client = try Stream.tunnel(culvert, to: "[::1]:\(six.endpoint.port)")
            _ = try six.accept()
            client.close()
        }

        @Test func `a target of another family than the source is refused`() throws {
            let names = try NameServer { question in
                .addresses([question.name == "six.test" ? "127.0.0.1" : "::1"])
            }
            let folder = try Policies.folder(Self.policy)
            let files = ["--policy", folder.path("policy.yaml")]
            let culvert = try Culvert(Culvert.openFlags + files + names.flags)
            let explain = ["explain", "--allow-private"] + files + names.flags
            for (host, rule) in [("six.test", "six"), ("four.test", "four")] {
                let refused = try culvert.ask(for: "\(host):443")
                refused.expect(502, "destination_ip_unroutable")
                #expect(refused.body.contains("there is no source address for the target"))
                #expect(try culvert.end(of: "\(host):443")["rule"] as? String == rule)
                let output = try Program.run(Culvert.program, explain + ["\(host):443"]).output
                #expect(output.contains(refused.body.dropLast()), "\(output)")
                #expect(output.contains("rule '\(rule)'") && output.hasSuffix("  refused\n"))
            }
            let cases = """
                cases:
                  - {to: "six.test:443", address: 127.0.0.1, expect: deny, rule: six}
                  - {to: "six.test:443", address: "::1", expect: allow}
                  - {to: "four.test:443", address: "::ffff:127.0.0.1", expect: allow}
                  - {to: "four.test:443", address: "::1", expect: allow}
                """
            try folder.write("cases.yaml", Data(cases.utf8))
            let test = ["test", "--allow-private"] + files + [folder.path("cases.yaml")]
            let lines = try Program.run(Culvert.program, test).output.split(separator: "\n")
            try #require(lines.count == 2)
            #expect(lines[0].contains(":5:5: ") && lines[0].contains("there is no source address"))
            #expect(lines[1] == "4 cases, 1 differences")
        }

        @Test func `an address that this machine hasn't stops the start, check and reload`() throws
        {
            let text = "rules:\n- {name: a, action: allow, source: [192.0.2.1, 'ff02::1']}\n"
            let folder = try Policies.folder(text)
            let file = folder.path("policy.yaml")
            let words = "2:37: error: this machine has no address 192.0.2.1 to dial from"
            let flags = ["--listen", "127.0.0.1:0", "--policy", file]
            let start = try Program.run(Culvert.program, flags, within: 30)
            #expect(start.status == 1 && start.errors.contains("\(file):\(words)"))
            let check = try Program.run(Culvert.program, ["check", "--policy", file])
            #expect(check.status == 1 && check.output.contains("\(file):\(words)"))
            #expect(check.output.contains("2:48: error: this machine has no address ff02::1"))
            let good = try Policies.folder("rules: [{name: a, action: allow, source: 127.0.0.1}]")
            let culvert = try Culvert(["--policy", good.path("policy.yaml")])
            try good.write("policy.yaml", Data(text.utf8))
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first {
                $0.contains("the rules and users of before still hold")
            }
            // What is only compared needn't be of this machine.
            try folder.write(
                "cases.yaml",
                Data("cases: [{to: 'a.test:443', expect: allow, source: 192.0.2.1}]".utf8)
            )
            let test = ["test", "--policy", file, folder.path("cases.yaml")]
            #expect(try Program.run(Culvert.program, test).output == "1 cases, 0 differences\n")
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// What clients of others make of being refused, and of where they may not go.
    @Suite struct PolicyClients {
        /// What Python's client says of each host, to port 443 of which it is to have a tunnel.
        private func python(_ culvert: Culvert, _ hosts: [String]) throws -> [String] {
            let script = """
                import http.client, sys
                for host in sys.argv[2:]:
                    client = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=30)
                    client.set_tunnel(host, 443)
                    try:
                        client.connect()
                        print('open')
                    except OSError as failure:
                        print(failure)
                    client.close()
                """
            let words = ["-c", script, "\(culvert.endpoint.port)"] + hosts
            return try Program.output(of: Program.python, words).split(separator: "\n")
                .map(String.init)
        }

        @Test func `Python's client gets to no address of another kind, however it is spelt`()
            throws
        {
            let culvert = try Culvert([])
            let prohibited = ["169.254.169.254", "127.0.0.1", "[::ffff:127.0.0.1]", "[fd00::1]"]
            let odd = ["2130706433", "0x7f.1", "127.1", "0177.0.0.1"]
            let said = try python(culvert, prohibited + odd)
            #expect(said.count == prohibited.count + odd.count)
            for (host, words) in zip(prohibited + odd, said) {
                let status = odd.contains(host) ? "400 " : "502 "
                #expect(words.hasPrefix("Tunnel connection failed: \(status)"), "\(host): \(words)")
            }
        }

        /// The status that curl is answered a CONNECT with.
        private func curl(
            _ origin: WebOrigin,
            _ culvert: Culvert,
            _ more: [String] = []
        ) throws -> String {
            let flags = ["-o", "/dev/null", "-w", "%{http_connect}"] + more
            return try origin.curl(through: culvert, origin.url("data"), flags).output
        }

        @Test func `curl is told of a limit, and let through once there is room`() throws {
            let origin = try WebOrigin()
            _ = try origin.makeFile("data", bytes: 10)
            let rule = "{name: one, action: allow, ports: any, limits: {tunnels: 1}}"
            let folder = try Policies.folder("rules: [\(rule)]")
            let policy = ["--policy", folder.path("policy.yaml")]
            let culvert = try Culvert(origin.openFlags + policy)
            let other = try Origin()
            let held = try Stream.tunnel(culvert, to: other.authority)
            #expect(try curl(origin, culvert) == "503")
            held.reset()
            try culvert.wait(until: "tunnels", is: 0)
            #expect(try curl(origin, culvert) == "200")
        }

        @Test func `curl is told what a parent proxy refuses`() throws {
            let origin = try WebOrigin()
            _ = try origin.makeFile("data", bytes: 10)
            // It may not dial what is private.
            let outer = try Culvert(["--allow-port", "any", "--tls-ports", "none"])
            let (inner, _) = try Parents.start("\(outer.endpoint)")
            #expect(try curl(origin, inner) == "502")
            let closed = try Culvert(["--allow-port", "443"])
            let (other, _) = try Parents.start("\(closed.endpoint)")
            #expect(try curl(origin, other) == "403")
            #expect(try other.status()["parent_refused"] == 1)
        }

        @Test func `a hundred thousand hosts decide through the whole proxy`() throws {
            let origin = try Origin()
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let hosts = (0..<50).map { rule in
                let list = (0..<2000).map { "h\(rule * 2000 + $0).test" }.joined(separator: ", ")
                return "- {name: r\(rule), action: deny, ports: any, hosts: [\(list)]}\n"
            }
            let last = "- {name: rest, action: allow, ports: any}\n"
            let folder = try Policies.folder("rules:\n" + hosts.joined() + last)
            let policy = ["--policy", folder.path("policy.yaml")]
            let culvert = try Culvert(Culvert.openFlags + policy + names.flags)
            for number in [0, 1999, 2000, 54_321, 99_999] {
                let authority = "h\(number).test:443"
                try culvert.ask(for: authority).expect(403, "http_request_denied")
                #expect(try culvert.end(of: authority)["rule"] as? String == "r\(number / 2000)")
            }
            #expect(names.questions == [])
            let client = try Stream.tunnel(culvert, to: "h100000.test:\(origin.endpoint.port)")
            #expect(try culvert.record("open")["rule"] as? String == "rest")
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains("51 rules read again") }
            try culvert.ask(for: "h7.test:443").expect(403, "http_request_denied")
            client.close()
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Tunnels that go by way of another proxy.
    @Suite struct Parents {
        static func start(
            _ parent: String,
            _ more: String = "",
            _ flags: [String] = [],
            above: String = ""
        ) throws -> (Culvert, Folder) {
            let folder = try Policies.folder(policy(parent, more, above))
            let files = ["--policy", folder.path("policy.yaml")]
            let open = Culvert.openFlags + ["--tls-ports", "none"]
            return (try Culvert(open + files + flags), folder)
        }

        static func policy(_ parent: String, _ more: String, _ above: String = "") -> String {
            "rules:\n\(above)- {name: up, action: allow, ports: any, parent: '\(parent)'\(more)}\n"
        }

        // MARK: By real proxies

        @Test func `curl goes through two culverts, the second of which wants a password`() throws {
            let origin = try WebOrigin()
            let folder = try Folder()
            let users = try folder.writeUsers(["leeds"], password: "wo:rd")
            try folder.write("credentials", Data("leeds:wo:rd\n".utf8))
            let second = try Culvert(origin.openFlags + users)
            let (first, _) = try Self.start(
                "\(second.endpoint)",
                ", parent-credentials: \(folder.path("credentials")), tls: sni"
            )
            let digest = try origin.makeFile("data", bytes: 1_000_000)
            let flags = ["-o", folder.path("data")]
            let curl = try origin.curl(through: first, origin.url("data"), flags)
            #expect(curl.status == 0, "\(curl.errors)")
            #expect(try WebOrigin.digest(folder.path("data")) == digest)
            let inner = try first.record("end")
            #expect(inner["address"] as? String == "\(second.endpoint)")
            #expect(inner["authority"] as? String == origin.authority)
            let outer = try second.record("end")
            #expect(outer["user"] as? String == "leeds")
            #expect(outer["authority"] as? String == origin.authority)
        }

        @Test func `a refusal is passed on with its status and its Proxy-Status`() throws {
            let second = try Culvert(["--name", "outer"])
            let (first, _) = try Self.start("\(second.endpoint)", "", ["--name", "inner"])
            for (host, status, word) in [
                ("a.test:80", 403, "http_request_denied"),
                ("127.0.0.1:443", 502, "destination_ip_prohibited"),
            ] {
                let refused = try first.ask(for: host)
                #expect(refused.status == status)
                let line = try #require(refused.fields["Proxy-Status"])
                #expect(line.hasPrefix("outer; error=\(word); details="), "\(line)")
                #expect(line.contains(", inner; received-status=\(status); details="))
                #expect(refused.body == "\(status) parent_refused: the parent proxy refused\n")
                #expect(refused.fields["Content-Length"] == "\(refused.body.utf8.count)")
                #expect(refused.end == .fin)
                let end = try first.end(of: host)
                #expect(end["reason"] as? String == "parent_refused")
                #expect(end["status"] as? Int == status && end["ended_by"] as? String == "upstream")
            }
            #expect(try first.status()["parent_refused"] == 2)
            try first.expectEmpty()
        }

        @Test func `wrong credentials are the operator's affair`() throws {
            let folder = try Folder()
            let second = try Culvert(try folder.writeUsers(["ana"]))
            let (first, _) = try Self.start("\(second.endpoint)")
            let refused = try first.ask(for: "a.test:443")
            refused.expect(502, "proxy_configuration_error")
            #expect(refused.body.contains("the parent proxy wants other credentials"))
        }

        @Test func `requests that go round in circles are refused`() throws {
            let port = try Origin.freePort()
            let (first, folder) = try Self.start("127.0.0.1:\(port)")
            let other = try Policies.folder(Self.policy("\(first.endpoint)", ""))
            let flags = Culvert.openFlags + ["--policy", other.path("policy.yaml")]
            let second = try Culvert(flags, listen: "127.0.0.1:\(port)")
            let refused = try first.ask(for: "a.test:443")
            #expect(refused.status == 502)
            #expect(refused.fields["Proxy-Status"]?.contains("proxy_loop_detected") == true)
            #expect(refused.fields["Proxy-Status"]?.contains("received-status=502") == true)
            _ = try first.record("end") { $0["reason"] as? String == "proxy_loop_detected" }
            #expect(try second.status()["refused"] == 1)
            // And one who is his own parent.
            try folder.write(
                "policy.yaml",
                Data(Self.policy("\(first.endpoint)", "").utf8)
            )
            first.signal(SIGHUP)
            _ = try first.notices.first { $0.contains(" rules read again") }
            try first.ask(for: "b.test:443").expect(502, "proxy_loop_detected")
        }

        // MARK: What it is asked

        @Test func `the parent is asked for the name, which nobody here resolves`() throws {
            let names = try NameServer { question in
                .addresses(question.name == "parent.test" ? ["127.0.0.1"] : ["127.0.0.9"])
            }
            let parent = try Origin()
            let folder = try Folder()
            try folder.write("credentials", Data("ana:word".utf8))
            let more = ", hosts: a.test, parent-credentials: \(folder.path("credentials"))"
            let port = parent.endpoint.port
            let small = ["--max-tunnels", "16", "--buffers", "16"]
            let (culvert, _) = try Self.start("parent.test:\(port)", more, names.flags + small)
            let client = try Stream(to: culvert.endpoint)
            try client.send(
                "CONNECT a.test:8443 HTTP/1.1\r\nHost: b.test\r\nVia: 1.0 fred\r\n"
                    + "via: 1.1 x (y, z)\r\n"
                    + "Connection: Via, Host\r\nX-Other: 1\r\n"
                    + "Proxy-Authorization: Basic eDp5\r\n\r\nearly"
            )
            let upstream = try parent.accept()
            let head = try upstream.receiveHead()
            let lines = head.components(separatedBy: "\r\n")
            #expect(
                Array(lines.prefix(3)) == [
                    "CONNECT a.test:8443 HTTP/1.1", "Host: a.test:8443",
                    "Via: 1.0 fred, 1.1 x (y, z)",
                ]
            )
            #expect(lines[3].hasPrefix("Via: 1.1 culvert-") && lines[3].utf8.count > 25)
            #expect(
                Array(lines.dropFirst(4)) == ["Proxy-Authorization: Basic YW5hOndvcmQ=", "", ""]
            )
            try upstream.send("HTTP/1.1 200 OK\r\n\r\n")
            #expect(try client.receiveHead() == "HTTP/1.1 200 Connection established\r\n\r\n")
            #expect(try upstream.receive(exactly: 5) == Array("early".utf8))
            #expect(Set(names.questions.map(\.name)) == ["parent.test"])
            #expect(try culvert.memory().range(of: Data("YW5hOndvcmQ=\r\n".utf8)) == nil)
        }

        @Test func `where rules need the address, it is what the parent is asked for`() throws {
            let names = try NameServer { question in
                .addresses([question.name == "bad.test" ? "127.0.0.9" : "127.0.0.8"])
            }
            let parent = try Origin()
            let above = "- {name: no, action: deny, networks: 127.0.0.9}\n"
            let (culvert, _) = try Self.start(
                parent.authority,
                ", hosts: '*.test'",
                names.flags,
                above: above
            )
            let client = try Stream(to: culvert.endpoint)
            try client.send("CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n\r\n")
            let upstream = try parent.accept()
            #expect(try upstream.receiveHead().hasPrefix("CONNECT 127.0.0.8:443 HTTP/1.1\r\n"))
            try upstream.send("HTTP/1.1 200 OK\r\n\r\n")
            _ = try client.receiveHead()
            let open = try culvert.record("open")
            #expect(open["authority"] as? String == "a.test:443" && open["rule"] as? String == "up")
            try culvert.ask(for: "bad.test:443").expect(403, "http_request_denied")
            try culvert.ask(for: "a.example:443").expect(403, "http_request_denied")
            #expect(parent.hasNoVisitor)
        }

        // MARK: What it answers

        static let successes = [
            "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 299 X\r\nTransfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
                + "HTTP/1.1 200 OK\r\n\r\n",
        ]

        @Test(arguments: successes, [1, 100])
        func `any success opens the tunnel, and what comes behind it goes to the client`(
            answer: String,
            step: Int
        ) throws {
            let parent = try Origin()
            let (culvert, _) = try Self.start(parent.authority)
            let client = try Stream(to: culvert.endpoint)
            try client.send("CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n\r\nearly")
            let upstream = try parent.accept()
            _ = try upstream.receiveHead()
            var bytes = Array((answer + "220 hello\r\n").utf8)[...]
            while !bytes.isEmpty {
                try upstream.send(Array(bytes.prefix(step)))
                bytes = bytes.dropFirst(step)
            }
            #expect(try client.receiveHead() == "HTTP/1.1 200 Connection established\r\n\r\n")
            #expect(try client.receive(exactly: 11) == Array("220 hello\r\n".utf8))
            #expect(try upstream.receive(exactly: 5) == Array("early".utf8))
            try client.finish()
            #expect(try upstream.receiveToEnd().end == .fin)
            try upstream.send("bye")
            upstream.close()
            #expect(try client.receiveToEnd().bytes == Array("bye".utf8))
            let end = try culvert.end(of: "a.test:443")
            #expect(end["bytes_out"] as? Int == 5 && end["bytes_in"] as? Int == 14)
            try culvert.expectEmpty()
        }

        @Test(arguments: [302, 429, 503, 599])
        func `other refusals are passed on, with their Proxy-Status if it is fit for that`(
            status: Int
        ) throws {
            for (field, prefix) in [
                ("Proxy-Status: a; x=1\r\nProxy-Status: b\r\n", "a; x=1, b, inner; received"),
                ("Proxy-Status: \u{e9}\r\n", "inner; received"), ("", "inner; received"),
                ("Proxy-Status: \(String(repeating: "a", count: 900))\r\n", "inner; received"),
            ] {
                let parent = try Origin { stream in
                    _ = try stream.receiveHead()
                    try stream.send("HTTP/1.1 \(status) No\r\n\(field)Content-Length: 2\r\n\r\nno")
                }
                let (culvert, _) = try Self.start(parent.authority, "", ["--name", "inner"])
                let refused = try culvert.ask(for: "a.test:443")
                #expect(refused.status == status && refused.end == .fin)
                #expect(refused.fields["Proxy-Status"]?.hasPrefix(prefix) == true, "\(field)")
            }
        }

        @Test func `a parent that is silent, or isn't there, holds nobody up for long`() throws {
            let parent = try Origin()
            let times = ["--resolve-timeout", "200ms", "--connect-timeout", "200ms"]
            let (culvert, _) = try Self.start(parent.authority, "", times)
            try culvert.ask(for: "a.test:443").expect(504, "http_response_timeout")
            let (other, _) = try Self.start("127.0.0.1:\(try Origin.freePort())")
            let refused = try other.ask(for: "a.test:443")
            refused.expect(502, "connection_refused")
            #expect(refused.body.contains("the parent proxy refused the connection"))
            try culvert.expectEmpty()
        }

        @Test func `a client that leaves while the parent is asked takes its request along`() throws
        {
            let parent = try Origin()
            let (culvert, _) = try Self.start(parent.authority)
            let client = try Stream(to: culvert.endpoint)
            try client.send("CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n\r\n")
            let upstream = try parent.accept()
            _ = try upstream.receiveHead()
            client.reset()
            #expect(try upstream.receiveToEnd().bytes == [])
            #expect(try culvert.end(of: "a.test:443")["reason"] as? String == "client_left")
            try culvert.expectEmpty()
        }

        @Test func `new rules that lead elsewhere refuse what is on its way to the parent`() throws
        {
            let parent = try Origin()
            let (culvert, folder) = try Self.start(parent.authority)
            let ways = ["127.0.0.1:1", parent.authority]
            for way in ways {
                let client = try Stream(to: culvert.endpoint)
                try client.send("CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n\r\n")
                let upstream = try parent.accept()
                _ = try upstream.receiveHead()
                let start = culvert.notices.all.count
                try folder.write("policy.yaml", Data(Self.policy(way, ", hosts: a.test").utf8))
                culvert.signal(SIGHUP)
                _ = try culvert.notices.first(from: start) { $0.contains(" rules read again") }
                if way == parent.authority {
                    // It goes on where it was on its way to before.
                    try upstream.send("HTTP/1.1 200 OK\r\n\r\n")
                    #expect(try client.receiveHead().hasPrefix("HTTP/1.1 200 "))
                } else {
                    try Refused(from: client).expect(503, "destination_unavailable")
                    try folder.write(
                        "policy.yaml",
                        Data(Self.policy(parent.authority, "").utf8)
                    )
                    let next = culvert.notices.all.count
                    culvert.signal(SIGHUP)
                    _ = try culvert.notices.first(from: next) { $0.contains(" rules read again") }
                }
            }
        }

        // MARK: Limits, source and commands

        @Test func `limits and the source of a rule hold on the way to its parent`() throws {
            let parent = try Origin()
            let more = ", source: 127.0.0.7, limits: {tunnels: 1, bytes: 100}"
            let (culvert, _) = try Self.start(parent.authority, more)
            let client = try Stream(to: culvert.endpoint)
            try client.send("CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n\r\n")
            let upstream = try parent.accept()
            #expect(SocketName.peer(of: upstream.descriptor) == "127.0.0.7")
            _ = try upstream.receiveHead()
            try culvert.ask(for: "b.test:443").expect(503, "connection_limit_reached")
            let behind = String(repeating: "x", count: 200)
            try upstream.send("HTTP/1.1 200 OK\r\n\r\n\(behind)")
            _ = try client.receiveHead()
            #expect(try client.receiveToEnd().bytes.count == 100)
            #expect(try culvert.end(of: "a.test:443")["reason"] as? String == "rule_bytes")
        }

        @Test func `explain and test tell the parent`() throws {
            let folder = try Policies.folder(
                Self.policy("proxy.test:3128", ", hosts: a.test, tls: off, source: 127.0.0.7")
            )
            let file = folder.path("policy.yaml")
            let words = ["explain", "--policy", file, "--name-server", "127.0.0.1:1", "a.test:22"]
            let outcome = try Program.run(Culvert.program, words)
            #expect(
                outcome.output.contains("tls off, by way of proxy.test:3128, from 127.0.0.7\n"),
                "\(outcome.output)\(outcome.errors)"
            )
            #expect(outcome.output.hasSuffix("verdict  allowed\n"))
            let cases = """
                cases:
                  - {to: "a.test:22", expect: allow, parent: "proxy.test:3128", source: 127.0.0.7}
                  - {to: "a.test:22", expect: allow, parent: none}
                  - {to: "a.test:22", expect: allow, source: 127.0.0.8}
                """
            try folder.write("cases.yaml", Data(cases.utf8))
            let test = ["test", "--policy", file, folder.path("cases.yaml")]
            let lines = try Program.run(Culvert.program, test).output.split(separator: "\n")
            #expect(lines.count == 3 && lines[2] == "3 cases, 2 differences")
            #expect(
                lines[0].hasSuffix(
                    "allowed by 'up', by way of proxy.test:3128, expected allowed, without a parent"
                )
            )
            #expect(
                lines[1].hasSuffix(
                    "allowed by 'up', from 127.0.0.7, expected allowed, from 127.0.0.8"
                )
            )
        }

        @Test func `credentials that can't be read stop the start`() throws {
            let folder = try Folder()
            try folder.write("two", Data("a:b\nc:d\n".utf8))
            for (file, words) in [
                ("/nonexistent/file", "the file /nonexistent/file can't be read"),
                (folder.path("two"), "is to have one line, NAME:PASSWORD"),
            ] {
                let policy = try Policies.folder(
                    Self.policy("a.test:1", ", parent-credentials: \(file)")
                )
                let flags = ["--listen", "127.0.0.1:0", "--policy", policy.path("policy.yaml")]
                let outcome = try Program.run(Culvert.program, flags, within: 30)
                #expect(outcome.status == 1 && outcome.errors.contains(words), "\(outcome.errors)")
            }
        }
    }
}

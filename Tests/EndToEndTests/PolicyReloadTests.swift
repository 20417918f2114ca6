import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Rules that are read again while tunnels are open.
    @Suite struct PolicyReloads {
        private func write(_ rules: String, in folder: Folder) throws {
            try folder.write("policy.yaml", Data("rules:\n\(rules)\n".utf8))
        }

        private func start(_ rules: String, _ flags: [String] = []) throws -> (Culvert, Folder) {
            let folder = try Folder()
            try write(rules, in: folder)
            let policy = ["--policy", folder.path("policy.yaml")]
            return (try Culvert(Culvert.openFlags + policy + flags), folder)
        }

        /// Reads the rules again, and returns when all workers that serve `origin` have them.
        private func reload(_ culvert: Culvert) throws {
            let start = culvert.notices.all.count
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first(from: start) { $0.contains(" rules read again") }
        }

        private func expectEcho(_ client: Stream, _ upstream: Stream) throws {
            try client.send("still")
            #expect(try upstream.receive(exactly: 5) == Array("still".utf8))
        }

        @Test func `new rules hold for new tunnels, and open ones stay`() throws {
            let (culvert, folder) = try start("- {name: a, action: allow}", ["--workers", "1"])
            let origin = try Origin()
            let client = try Stream.tunnel(culvert, to: origin.authority)
            let upstream = try origin.accept()
            try write("- {name: b, action: deny}", in: folder)
            try reload(culvert)
            try culvert.ask(for: origin.authority).expect(403, "http_request_denied")
            #expect(try culvert.end(of: origin.authority)["rule"] as? String == "b")
            try expectEcho(client, upstream)
            try write("- {name: c, action: allow}", in: folder)
            try reload(culvert)
            _ = try Stream.tunnel(culvert, to: origin.authority)
            #expect(try culvert.record("open") { $0["rule"] as? String == "c" }.count > 0)
            try expectEcho(client, upstream)
        }

        @Test(arguments: [
            "", "rules: [", "rules:\n- {name: b, action: deny, host: a}\n",
            "rules:\n- {name: b, action: deny, users: ~}\n",
            // It would take hours, and no signal would be heard.
            String(repeating: "[", count: 1_000_000), String(repeating: "{a: ", count: 300_000),
        ])
        func `rules that can't be used change nothing, and are told of`(text: String) throws {
            let (culvert, folder) = try start("- {name: a, action: allow}", ["--workers", "1"])
            let origin = try Origin()
            let path = folder.path("policy.yaml")
            try folder.write("policy.yaml", Data(text.utf8))
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { notice in
                notice.contains("the rules and users of before still hold: --policy \(path): can't")
            }
            _ = try Stream.tunnel(culvert, to: origin.authority)
        }

        @Test func `rules whose file is gone still hold`() throws {
            let (culvert, folder) = try start("- {name: a, action: allow}", ["--workers", "1"])
            try FileManager.default.removeItem(at: folder.url("policy.yaml"))
            culvert.signal(SIGHUP)
            let words = "the rules and users of before still hold"
            _ = try culvert.notices.first { $0.contains(words) }
            let origin = try Origin()
            _ = try Stream.tunnel(culvert, to: origin.authority)
            #expect(try culvert.record("open")["rule"] as? String == "a")
        }

        @Test func `rules and users are taken together or not at all`() throws {
            let folder = try Folder()
            let users = try folder.writeUsers(["ana"])
            try write("- {name: a, action: allow, users: ana}", in: folder)
            let file = ["--policy", folder.path("policy.yaml")]
            let culvert = try Culvert(Culvert.openFlags + file + users)
            let origin = try Origin()
            let good = try folder.text("users")
            // The rules would do; the users don't.
            try write("- {name: b, action: deny}", in: folder)
            try folder.write("users", Data("ana:word\n".utf8))
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains("of before still hold: --users ") }
            _ = try Stream.tunnel(culvert, to: origin.authority, as: "ana:word")
            // And the other way round.
            try folder.write("users", Data(good.replacing("ana:", with: "ben:").utf8))
            try folder.write("policy.yaml", Data("rules: []".utf8))
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains("of before still hold: --policy ") }
            _ = try Stream.tunnel(culvert, to: origin.authority, as: "ana:word")
        }

        @Test func `a tunnel by a parent is judged by what it was asked for`() throws {
            let names = try NameServer { _ in .addresses(["93.184.215.14"]) }
            let parent = try Origin()
            let way = "action: allow, ports: any, tls: off, parent: '\(parent.authority)'"
            let rules = """
                - {name: far, \(way), hosts: far.test, networks: 93.184.0.0/16}
                - {name: up, \(way), hosts: up.test}
                """
            let folder = try Folder()
            try write(rules, in: folder)
            // The parent's own address is private, and nobody may dial it but for this.
            let flags = ["--policy", folder.path("policy.yaml"), "--enforce-on-reload"]
            let culvert = try Culvert(flags + names.flags)
            var (clients, upstreams): ([Stream], [Stream]) = ([], [])
            for host in ["far.test", "up.test"] {
                clients.append(try Stream.asking(culvert, for: "\(host):443"))
                upstreams.append(try parent.accept())
                _ = try #require(upstreams.last).receiveHead()
                try #require(upstreams.last).send("HTTP/1.1 200 OK\r\n\r\n")
                _ = try #require(clients.last).receiveHead()
            }
            try reload(culvert)
            for (client, upstream) in zip(clients, upstreams) { try expectEcho(client, upstream) }
            let deny = "- {name: no, action: deny, networks: 93.184.215.0/24}"
            try write("\(deny)\n\(rules)", in: folder)
            try reload(culvert)
            let end = try culvert.end(of: "far.test:443")
            #expect(end["reason"] as? String == "policy_changed" && end["rule"] as? String == "no")
            try expectEcho(clients[1], upstreams[1])
        }

        @Test func `what is forbidden ends if it is to, and nothing else`() throws {
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let (culvert, folder) = try start(
                "- {name: a, action: allow}",
                ["--enforce-on-reload", "--workers", "2"] + names.flags
            )
            let origin = try Origin()
            let port = origin.endpoint.port
            var clients: [String: Stream] = [:]
            var upstreams: [String: Stream] = [:]
            for host in ["good.test", "bad.test", "127.0.0.1"] {
                clients[host] = try Stream.tunnel(culvert, to: "\(host):\(port)")
                upstreams[host] = try origin.accept()
            }
            try write(
                """
                - {name: no, action: deny, hosts: bad.test}
                - {name: names, action: allow, hosts: "*.test"}
                """,
                in: folder
            )
            try reload(culvert)
            for (host, rule) in [("bad.test", "no"), ("127.0.0.1", nil)] {
                let end = try culvert.end(of: "\(host):\(port)")
                #expect(end["reason"] as? String == "policy_changed")
                #expect(end["ended_by"] as? String == "proxy")
                #expect(end["rule"] as? String == rule)
                #expect(end["status"] as? Int == 200)
                _ = try #require(clients[host]).receiveToEnd()
                _ = try #require(upstreams[host]).receiveToEnd()
            }
            try expectEcho(
                try #require(clients["good.test"]),
                try #require(upstreams["good.test"])
            )
        }

        @Test func `a user who is no more, or has another password, loses the tunnels`() throws {
            let folder = try Folder()
            let users = try folder.writeUsers(["ana", "ben"])
            let culvert = try Culvert(Culvert.openFlags + users + ["--enforce-on-reload"])
            let origin = try Origin()
            let clients = try ["ana", "ben"].map { user in
                try Stream.tunnel(culvert, to: origin.authority, as: "\(user):word")
            }
            let upstreams = try [origin.accept(), origin.accept()]
            let remove = ["passwd", "--remove", folder.path("users"), "ana"]
            #expect(try Program.run(Culvert.program, remove).status == 0)
            culvert.signal(SIGHUP)
            let end = try culvert.record("end")
            #expect(end["user"] as? String == "ana")
            #expect(end["reason"] as? String == "policy_changed")
            _ = try clients[0].receiveToEnd()
            try expectEcho(clients[1], upstreams[1])
            // So does one whose password is another now: somebody else may know the old one.
            try folder.setPassword("other", of: "ben")
            culvert.signal(SIGHUP)
            _ = try culvert.record("end") { $0["user"] as? String == "ben" }
            _ = try clients[1].receiveToEnd()
        }

        @Test func `an opening that is under way obeys the new rules`() throws {
            let gate = DispatchSemaphore(value: 0)
            let asked = DispatchSemaphore(value: 0)
            let names = try NameServer { _ in
                asked.signal()
                gate.wait()
                return .addresses(["127.0.0.1"])
            }
            let (culvert, folder) = try start("- {name: a, action: allow}", names.flags)
            let origin = try Origin()
            let ports = origin.endpoint.port
            let denied = try Stream(to: culvert.endpoint)
            try denied.send("CONNECT a.test:\(ports) HTTP/1.1\r\nHost: a\r\n\r\n")
            asked.wait()
            try write(
                "- {name: b, action: deny, networks: 127.0.0.0/8}\n- {name: c, action: allow}",
                in: folder
            )
            try reload(culvert)
            for _ in 0..<8 { gate.signal() }
            try Refused(from: denied).expect(403, "http_request_denied")
            #expect(try culvert.end(of: "a.test:\(ports)")["rule"] as? String == "b")
        }

        @Test func `what new rules say holds for a tunnel whose parent is being asked`() throws {
            let parent = try Origin()
            func rules(_ terms: String, one: String = "one.test") -> String {
                let way = "action: allow, ports: any, parent: '\(parent.authority)'"
                return """
                    - {name: one, \(way), hosts: [\(one)], limits: {tunnels: 1}}
                    - {name: up, \(way)\(terms)}
                    """
            }
            func ask(_ host: String, of culvert: Culvert) throws -> (Stream, Stream) {
                let client = try Stream.asking(culvert, for: "\(host):443")
                let upstream = try parent.accept()
                _ = try upstream.receiveHead()
                return (client, upstream)
            }
            func answer(_ client: Stream, _ upstream: Stream) throws {
                try upstream.send("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 200))
                _ = try client.receiveHead()
            }
            let (culvert, folder) = try start(rules(", limits: {bytes: 50}"))
            // The flags want TLS at this port, and it may move 50 bytes; soon neither is so.
            let (free, freeUp) = try ask("free.test", of: culvert)
            try write(rules(", tls: off"), in: folder)
            try reload(culvert)
            try answer(free, freeUp)
            #expect(try free.receive(exactly: 200).count == 200)
            let (short, shortUp) = try ask("short.test", of: culvert)
            try write(rules(", tls: off, limits: {bytes: 100}"), in: folder)
            try reload(culvert)
            try answer(short, shortUp)
            #expect(try short.receiveToEnd().bytes.count == 100)
            #expect(try culvert.end(of: "short.test:443")["reason"] as? String == "rule_bytes")
            let (plain, plainUp) = try ask("plain.test", of: culvert)
            let (one, oneUp) = try ask("one.test", of: culvert)
            let (two, twoUp) = try ask("two.test", of: culvert)
            try answer(one, oneUp)
            // By the flags again; and of this rule there is a tunnel already.
            try write(rules("", one: "one.test, two.test"), in: folder)
            try reload(culvert)
            try Refused(from: two).expect(503, "connection_limit_reached")
            try answer(plain, plainUp)
            try plain.send("SSH-2.0-x\r\n")
            #expect(try plain.receiveToEnd().end == .reset)
            #expect(try culvert.end(of: "plain.test:443")["reason"] as? String == "not-tls")
            withExtendedLifetime((folder, twoUp)) {}
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// What rules say of tunnels holds for streams: their limits, and their parents.
    @Suite struct MethodPolicies {
        private typealias Frame = MethodSession.Frame

        private func start(_ rule: String) throws -> (Culvert, Folder) {
            let text = "rules:\n- {name: up, action: allow, ports: any, tls: off, \(rule)}\n"
            let folder = try Policies.folder(text)
            let policy = ["--policy", folder.path("policy.yaml")]
            return (try Culvert(MethodTunnels.flags + policy), folder)
        }

        private func open(_ culvert: Culvert, _ origin: Origin) throws -> MethodSession {
            let session = try MethodSession(culvert)
            try session.make()
            try #require(try session.open(4096, origin.authority).result == 0)
            return session
        }

        @Test func `a stream ends by its rule when it has moved as much as it may`() throws {
            let (culvert, _) = try start("networks: 127.0.0.1/32, limits: {bytes: 100000}")
            let origin = try Origin()
            let session = try open(culvert, origin)
            let upstream = try origin.accept()
            let up = Array(Pattern.outbound.piece(at: 0, 60_000))
            try session.send([Frame(.data, stream: 4096, payload: up)])
            try Pattern.outbound.check(upstream.receive(exactly: 60_000), at: 0)
            try upstream.send(Array(Pattern.inbound.piece(at: 0, 60_000)))
            let frames = try session.frames { $0.contains { $0.kind == 3 } }
            #expect(frames.contains(Frame(.reset, code: 7, stream: 4096)))
            let data = frames.filter { $0.kind == 1 }.flatMap(\.payload)
            #expect(data.count <= 40_000)
            try Pattern.inbound.check(data, at: 0)
            let end = try culvert.end(of: origin.authority)
            #expect(end["reason"] as? String == "rule_bytes")
            #expect(end["bytes_out"] as? Int == 60_000)
        }

        @Test(arguments: ["up", "down"])
        func `a stream is as fast as its rule lets it be`(_ way: String) throws {
            let (culvert, _) = try start(
                "networks: 127.0.0.1/32, limits: {bytes-per-second: {\(way): 100KiB}}"
            )
            let origin = try Origin()
            let session = try open(culvert, origin)
            let upstream = try origin.accept()
            let start = ContinuousClock.now
            if way == "up" {
                for offset in stride(from: 0, to: 160_000, by: 40_000) {
                    let bytes = Array(Pattern.outbound.piece(at: offset, 40_000))
                    let position = UInt64(offset)
                    let frame = Frame(.data, stream: 4096, position: position, payload: bytes)
                    try session.send([frame])
                }
                try Pattern.outbound.check(upstream.receive(exactly: 160_000), at: 0)
            } else {
                try upstream.send(Array(Pattern.inbound.piece(at: 0, 160_000)))
                try session.send([
                    Frame(.window, stream: 4096, position: 1 << 20),
                    Frame(.window, position: 1 << 20),
                ])
                let isAll: ([Frame]) -> Bool = { frames in
                    frames.filter { $0.kind == 1 }.map(\.payload.count).reduce(0, +) == 160_000
                }
                let frames = try session.frames(until: isAll)
                try Pattern.inbound.check(frames.filter { $0.kind == 1 }.flatMap(\.payload), at: 0)
            }
            let taken = ContinuousClock.now - start
            #expect(taken > .seconds(1), "\(taken)")
            #expect(taken < .seconds(15), "\(taken)")
        }

        @Test func `streams go through the parent of their rule, or are refused as it refuses`()
            throws
        {
            let parent = try Culvert([
                "--allow-private", "--allow-port", "any", "--tls-ports", "none",
            ])
            let (culvert, _) = try start("parent: '\(parent.endpoint)'")
            let origin = try Origin.echo()
            let session = try open(culvert, origin)
            try session.send([Frame(.data, stream: 4096, payload: Array("by a parent".utf8))])
            let frames = try session.frames { $0.contains { $0.kind == 1 } }
            #expect(frames.flatMap(\.payload) == Array("by a parent".utf8))
            #expect(try parent.record("open")["authority"] as? String == origin.authority)
            let refused = try session.open(4097, "127.0.0.1:1")
            #expect(refused.result == 6 && refused.refusedStatus == 502)
            let end = try culvert.end(of: "127.0.0.1:1")
            #expect(end["reason"] as? String == "parent_refused")
        }

        @Test func `what no CONNECT may name or dial no stream may either`() throws {
            let names = try NameServer { _ in .addresses(["127.0.0.1"]) }
            let flags = ["--method-tunnel", "/tunnel", "--allow-port", "any"]
            let culvert = try Culvert(flags + names.flags)
            let session = try MethodSession(culvert)
            try session.make()
            var number: UInt32 = 4096
            for (hosts, status, word) in [
                (Authorities.special, 502, "destination_ip_prohibited"),
                (Authorities.oddAddresses, 400, "http_request_error"),
                (Authorities.hosts, 400, "http_request_error"),
                (["a.test\r\n{\"event\":\"end\"}"], 400, "http_request_error"),
            ] {
                for host in hosts {
                    let refused = try session.open(number, "\(host):443")
                    #expect(refused.result == 6 && refused.refusedStatus == status, "\(host)")
                    #expect(String(decoding: refused.rest, as: UTF8.self) == word, "\(host)")
                    number += 1
                }
            }
            #expect(names.questions == [])
            let refused = try session.open(number, "rebound.test:443")
            #expect(refused.refusedStatus == 502)
            #expect(String(decoding: refused.rest, as: UTF8.self) == "destination_ip_prohibited")
            #expect(culvert.journal.all.allSatisfy { Culvert.record($0) != nil })
        }

        @Test func `a stream to the server itself is a loop`() throws {
            let culvert = try Culvert(MethodTunnels.flags)
            let session = try MethodSession(culvert)
            try session.make()
            let refused = try session.open(4096, "\(culvert.endpoint)")
            #expect(refused.refusedStatus == 502)
            #expect(String(decoding: refused.rest, as: UTF8.self) == "proxy_loop_detected")
        }

        @Test func `what new users and rules forbid ends, and nothing else`() throws {
            let folder = try Policies.folder(
                "rules: [{name: all, action: allow, ports: any, tls: off}]"
            )
            let files = ["--policy", folder.path("policy.yaml"), "--enforce-on-reload"]
            let users = try folder.writeUsers(["ana", "ben"])
            let culvert = try Culvert(MethodTunnels.flags + files + users)
            let origin = try Origin()
            var (sessions, upstreams): ([MethodSession], [Stream]) = ([], [])
            for user in ["ana", "ben"] {
                let session = try MethodSession(culvert, credentials: "\(user):word")
                try session.make()
                try #require(try session.open(4096, origin.authority).result == 0)
                sessions.append(session)
                upstreams.append(try origin.accept())
            }
            let remove = ["passwd", "--remove", folder.path("users"), "ana"]
            #expect(try Program.run(Culvert.program, remove).status == 0)
            culvert.signal(SIGHUP)
            let gone = try culvert.record("end") { $0["user"] as? String == "ana" }
            #expect(gone["reason"] as? String == "policy_changed")
            #expect(gone["way"] as? String == "method")
            #expect(try upstreams[0].receiveToEnd().bytes == [])
            #expect(try sessions[0].poll().status == 401)
            #expect(try sessions[0].open(4097, origin.authority).status == 401)
            try sessions[1].send([Frame(.data, stream: 4096, payload: Array("still".utf8))])
            #expect(try upstreams[1].receive(exactly: 5) == Array("still".utf8))
            let rules = "rules: [{name: no, action: deny, users: ben}, {name: all, action: allow}]"
            try folder.write("policy.yaml", Data(rules.utf8))
            culvert.signal(SIGHUP)
            let end = try culvert.record("end") { $0["user"] as? String == "ben" }
            #expect(end["reason"] as? String == "policy_changed" && end["rule"] as? String == "no")
            let frames = try sessions[1].frames { $0.contains { $0.kind == 3 } }
            #expect(frames.contains { $0.kind == 3 && $0.stream == 4096 })
            #expect(try sessions[1].open(4097, origin.authority).refusedStatus == 403)
        }
    }
}

import Foundation
import Testing

extension EndToEndTests {
    /// What docs/journal.md says of records and counters.
    @Suite struct JournalDocument {
        /// The members that the first table below a heading of the page names.
        private func members(below heading: String) throws -> Set<String> {
            let text = try String(
                contentsOf: Program.repository.appending(path: "docs/journal.md"),
                encoding: .utf8
            )
            let section = try #require(text.components(separatedBy: "\n## \(heading)\n").last)
            let rows = section.split(separator: "\n").drop { !$0.hasPrefix("| `") }
                .prefix { $0.hasPrefix("| `") }
            return Set(
                rows.flatMap { row in
                    row.split(separator: "|")[0].matches(of: #/`([a-z_]+)`/#).map { String($0.1) }
                }
            )
        }

        @Test func `each member of each line is explained, and no other`() throws {
            let culvert = try Culvert(Culvert.openFlags)
            let tunnel = try Tunnel(culvert)
            try tunnel.exchange()
            try tunnel.client.finish()
            try tunnel.upstream.finish()
            try tunnel.expectEnd("closed", by: "client")
            let open = try culvert.record("open")
            let end = try culvert.end(of: tunnel.origin.authority)
            let known = try members(below: "Records").union(["time"])
            #expect(Set(open.keys).isSubset(of: end.keys))
            #expect(Set(end.keys) == known)
            culvert.signal(SIGUSR1)
            let line = try culvert.notices.first { $0.contains(#""event":"status""#) }
            let status = try #require(Culvert.record(line))
            #expect(Set(status.keys).subtracting(["time"]) == (try members(below: "Counters")))
            #expect((status["time"] as? String)?.wholeMatch(of: #/2\d{3}-.*Z/#) != nil)
        }

        @Test func `a tunnel that stands is told of now and then`() throws {
            let flags = ["--journal-interval", "200ms", "--park-after", "50ms"]
            let culvert = try Culvert(Culvert.openFlags + flags)
            let tunnel = try Tunnel(culvert)
            let authority = tunnel.origin.authority
            try tunnel.client.send("hello")
            _ = try tunnel.upstream.receive(exactly: 5)
            let first = try culvert.record("progress") { $0["bytes_out"] as? Int == 5 }
            #expect(first["authority"] as? String == authority)
            #expect(first["bytes_in"] as? Int == 0)
            // It has parked meanwhile, and is told of all the same.
            try tunnel.upstream.send("answer")
            _ = try tunnel.client.receive(exactly: 6)
            let second = try culvert.record("progress") { $0["bytes_in"] as? Int == 6 }
            let open = try culvert.record("open")
            #expect(second["id"] as? String == open["id"] as? String)
            let times = try [first, second].map { try #require($0["duration_us"] as? Int) }
            #expect(times[0] >= 200_000 && times[1] >= times[0] + 200_000)
            for side in Side.allCases { try tunnel[side].finish() }
            let end = try culvert.end(of: authority)
            #expect(Set(second.keys).isSubset(of: end.keys))
            #expect(end["bytes_out"] as? Int == 5 && end["bytes_in"] as? Int == 6)
        }

        @Test(arguments: Culvert.relayModes)
        func `bytes are counted while their tunnel stands`(mode: String) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode])
            let tunnel = try Tunnel(culvert)
            try tunnel.client.send(.outbound, 0..<1 << 20)
            try tunnel.upstream.receive(.outbound, 0..<1 << 20)
            try tunnel.upstream.send("answer")
            _ = try tunnel.client.receive(exactly: 6)
            try culvert.wait(until: "bytes_out", is: 1 << 20)
            try culvert.wait(until: "bytes_in", is: 6)
            let status = try culvert.status()
            #expect(status["bytes_out"] == 1 << 20 && status["bytes_in"] == 6)
            tunnel.client.close()
            tunnel.upstream.close()
            try culvert.wait(until: "tunnels", is: 0)
            let end = try culvert.status()
            #expect(end["bytes_out"] == 1 << 20 && end["bytes_in"] == 6)
        }

        @Test func `where a dial failed, and how, is told`() throws {
            let culvert = try Culvert(Culvert.openFlags)
            let closed = "127.0.0.1:\(try Origin.freePort())"
            try culvert.ask(for: closed).expect(502, "connection_refused")
            let refused = try culvert.end(of: closed)
            #expect(refused["address"] as? String == closed)
            #expect(refused["errno"] as? Int == Int(ECONNREFUSED))
            #expect(refused["connect_us"] as? Int ?? 0 > 0)
        }

        @Test func `where a dial took too long, and how long, is told`() throws {
            let hole = try BlackHole("127.0.0.1", port: 0)
            let culvert = try Culvert(Culvert.openFlags + ["--connect-timeout", "100ms"])
            try culvert.ask(for: hole.authority).expect(504, "connection_timeout")
            let silent = try culvert.end(of: hole.authority)
            #expect(silent["address"] as? String == hole.authority)
            #expect(silent["connect_us"] as? Int ?? 0 >= 100_000)
        }
    }
}

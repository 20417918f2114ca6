import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// How much the tunnels of a rule may move, how fast, and for how long.
    @Suite struct RuleRates {
        /// A tunnel whose rule has `limits`, with the test at both of its ends.
        private static func open(
            _ limits: String,
            _ flags: [String] = [],
            early: [UInt8] = []
        ) throws -> Tunnel {
            try Tunnel(try RuleLimits.start(limits, flags).0, early: early)
        }

        /// Seconds that `body` takes.
        private static func seconds(_ body: () throws -> Void) rethrows -> Double {
            let clock = ContinuousClock()
            let parts = try clock.measure(body).components
            return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        }

        /// One way through a tunnel.
        private struct Way: Sendable {
            let from: Stream
            let to: Stream
            let pattern: Pattern

            init(_ tunnel: Tunnel, from side: Side) {
                self.init(tunnel[side], tunnel[side.other], side.pattern)
            }

            init(_ from: Stream, _ to: Stream, _ pattern: Pattern) {
                self.from = from
                self.to = to
                self.pattern = pattern
            }
        }

        /// Sends the bytes `range` of its pattern through each of `ways`; all must arrive.
        private static func move(_ range: Range<Int>, _ ways: [Way]) throws {
            let ends = ways.map { way in
                Foundation.Thread.detachNewThread { try? way.from.send(way.pattern, range) }
                let end = DispatchSemaphore(value: 0)
                Foundation.Thread.detachNewThread {
                    do { try way.to.receive(way.pattern, range) } catch { Issue.record(error) }
                    end.signal()
                }
                return end
            }
            for end in ends { end.wait() }
        }

        // MARK: A rate

        /// All at the same time: most of it is waiting.
        @Test func `bytes go no faster than the rule lets them, and all arrive`() throws {
            let cases = Culvert.relayModes.flatMap { mode in Side.allCases.map { (mode, $0) } }
            try Crew.run(cases.map { mode, side in { try Self.expectRate(mode, side) } })
        }

        private static func expectRate(_ mode: String, _ side: Side) throws {
            let way = side == .client ? "up" : "down"
            let limits = "bytes-per-second: {\(way): 1MiB}"
            let tunnel = try Self.open(limits, ["--relay", mode, "--workers", "1"])
            let ticks = try tunnel.culvert.processorTicks()
            let time = try Self.seconds {
                try Self.move(0..<1 << 20, [Way(tunnel, from: side)])
            }
            // An eighth of a second's bytes go at once, and as much again is on its way.
            try #require(time > 0.7, "\(mode) \(side)")
            let used = try tunnel.culvert.processorTicks() - ticks
            try #require(
                used < 50,
                "\(mode) \(side): \(used) ticks of CPU: it pauses, and doesn't poll"
            )
            let reverse = Way(tunnel, from: side.other)
            try #require(try Self.seconds { try Self.move(0..<4 << 20, [reverse]) } < 3)
            try tunnel.exchange()
            try #require(try tunnel.culvert.status()["limit_pauses"] ?? 0 > 5)
            try tunnel.client.finish()
            try tunnel.upstream.finish()
            let end = try tunnel.expectEnd("closed", by: nil)
            let up = (side == .client ? 1 << 20 : 4 << 20) + "hello, upstream".utf8.count
            try #require(end["bytes_out"] as? Int == up)
        }

        @Test func `all tunnels of a rule share its rate, on all workers`() throws {
            let (culvert, _) = try RuleLimits.start("bytes-per-second: 2MiB", ["--workers", "2"])
            let tunnels = try (0..<8).map { _ in try Tunnel(culvert) }
            let time = try Self.seconds {
                try Self.move(0..<1 << 18, tunnels.map { Way($0, from: .upstream) })
            }
            // 2 MiB: a second, less a burst and what the workers have ahead; half of it, if each of
            // them had an account of its own.
            #expect(time > 0.6)
            #expect(time < 10)
        }

        @Test func `each user has a rate of its own`() throws {
            let folder = try Folder()
            let (culvert, _) = try RuleLimits.start(
                "per-user: {bytes-per-second: 512KiB}",
                try folder.writeUsers(["ana", "ben"]) + ["--workers", "2"]
            )
            let origin = try Origin()
            func open(_ user: String) throws -> Way {
                let to = origin.authority
                let client = try Stream.tunnel(culvert, to: to, as: "\(user):word")
                return Way(try origin.accept(), client, .inbound)
            }
            let ana = try [open("ana"), open("ana")]
            let ben = try [open("ben")]
            let alone = try Self.seconds { try Self.move(0..<1 << 18, ben) }
            let both = try Self.seconds { try Self.move(0..<1 << 18, ana) }
            #expect(alone > 0.3)
            // A second, less a burst; as much as the other, if each tunnel had its own.
            #expect(both > 0.6)
        }

        /// Has `culvert` read its rule again, which now has `limits`.
        private static func reload(
            _ culvert: Culvert,
            _ folder: Folder,
            to limits: String
        ) throws {
            try folder.write("policy.yaml", Data(RuleLimits.policy(limits, "").utf8))
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains(" rules read again") }
        }

        @Test(arguments: [
            ("bytes-per-second: 32KiB", "bytes-per-second: 64MiB"),
            ("bytes-per-second: 32KiB", "tunnels: 9"), ("bytes-per-second: 32KiB", ""),
            ("per-user: {bytes-per-second: 32KiB}", "per-user: {bytes-per-second: 64MiB}"),
            ("per-user: {bytes-per-second: 32KiB}", "per-user: {tunnels: 9}"),
            ("per-user: {bytes-per-second: 32KiB}", ""),
        ])
        func `a rate that is read again holds for open tunnels`(
            before: String,
            after: String
        ) throws {
            let (culvert, folder) = try RuleLimits.start(before, users: ["ana"])
            let origin = try Origin()
            let client = try Stream.tunnel(culvert, to: origin.authority, as: "ana:word")
            let way = Way(try origin.accept(), client, .inbound)
            try Self.move(0..<1 << 15, [way])
            try Self.reload(culvert, folder, to: after)
            #expect(try Self.seconds { try Self.move(1 << 15..<1 << 20, [way]) } < 10)
        }

        /// Tunnels that wait in turn for a rate; it takes half a minute until all had theirs.
        private static func waiting(_ culvert: Culvert, _ origin: Origin) throws -> [Way] {
            let ways = try (0..<60).map { _ in
                let client = try Stream.tunnel(culvert, to: origin.authority, as: "ana:word")
                return Way(try origin.accept(), client, .inbound)
            }
            for way in ways {
                Foundation.Thread.detachNewThread { try? way.from.send(.inbound, 0..<1 << 15) }
            }
            for _ in 0..<3000 {
                if try culvert.status()["limit_pauses"] ?? 0 >= ways.count { break }
                usleep(10_000)
            }
            return ways
        }

        @Test(arguments: ["bytes-per-second: 2KiB", "per-user: {bytes-per-second: 2KiB}"])
        func `whoever waits when a rate is read again waits by the new one`(limits: String) throws {
            let flags = ["--workers", "2"]
            let (culvert, folder) = try RuleLimits.start(limits, flags, users: ["ana"])
            let origin = try Origin()
            let ways = try Self.waiting(culvert, origin)
            try Self.reload(culvert, folder, to: limits.replacing("2KiB", with: "64MiB"))
            let time = try Self.seconds {
                for way in ways { try way.to.receive(.inbound, 0..<1 << 15) }
            }
            #expect(time < 10)
        }

        @Test(arguments: ["bytes-per-second: 2KiB", "per-user: {bytes-per-second: 2KiB}"])
        func `what tunnels that are gone have waited for is for others`(limits: String) throws {
            let flags = ["--workers", "1"]
            let (culvert, _) = try RuleLimits.start(limits, flags, users: ["ana"])
            let origin = try Origin()
            for way in try Self.waiting(culvert, origin) { way.to.reset() }
            try culvert.wait(until: "tunnels", is: 0)
            let client = try Stream.tunnel(culvert, to: origin.authority, as: "ana:word")
            let way = Way(try origin.accept(), client, .inbound)
            #expect(try Self.seconds { try Self.move(0..<1 << 12, [way]) } < 10)
        }

        @Test func `a flow that pauses passes a half-close on, and a reset at once`() throws {
            let limits = "bytes-per-second: {up: 64KiB}"
            let tunnel = try Self.open(limits)
            try tunnel.client.send(.outbound, 0..<50_000)
            try tunnel.client.finish()
            try tunnel.upstream.receive(.outbound, 0..<50_000)
            #expect(try tunnel.upstream.receiveToEnd().end == .fin)
            let other = try Self.open(limits)
            try other.client.send(.outbound, 0..<500_000)
            #expect(try other.upstream.receive(1).count == 1)
            other.client.reset()
            #expect(try other.upstream.receiveToEnd().end == .reset)
            try other.expectEnd("reset", by: "client")
        }

        @Test func `a pause is no longer in a drain`() throws {
            let tunnel = try Self.open("bytes-per-second: {up: 64KiB}", ["--drain-timeout", "30s"])
            let client = tunnel.client
            Foundation.Thread.detachNewThread { try? client.send(.outbound, 0..<200_000) }
            try tunnel.upstream.receive(.outbound, 0..<1000)
            tunnel.culvert.signal(SIGTERM)
            let time = try Self.seconds {
                try tunnel.upstream.receive(.outbound, 1000..<200_000)
            }
            // A burst, and then two seconds' worth.
            #expect(time < 8)
            for side in Side.allCases { try tunnel[side].finish() }
            try tunnel.expectEnd("closed", by: "client")
        }

        @Test func `a pause is no idleness`() throws {
            let flags = ["--idle-timeout", "500ms", "--relay", "copy"]
            let tunnel = try Self.open("bytes-per-second: {up: 2KiB}", flags)
            // A burst, and a second's worth.
            try tunnel.client.send(.outbound, 0..<18_432)
            try tunnel.upstream.receive(.outbound, 0..<18_432)
            try tunnel.expectEnd("idle_timeout", by: "proxy")
        }

        // MARK: A total

        @Test(arguments: Culvert.relayModes)
        func `a tunnel ends when it has moved all that it may`(mode: String) throws {
            let tunnel = try Self.open("bytes: 1000000", ["--relay", mode])
            try tunnel.client.send(.outbound, 0..<1000)
            try tunnel.upstream.receive(.outbound, 0..<1000)
            let upstream = tunnel.upstream
            Foundation.Thread.detachNewThread { try? upstream.send(.inbound, 0..<3_000_000) }
            let (count, end) = try tunnel.client.receiveToEnd(.inbound)
            #expect(count == 999_000 && end == .fin)
            let record = try tunnel.expectEnd("rule_bytes", by: "proxy")
            #expect(record["bytes_out"] as? Int == 1000)
            #expect(record["bytes_in"] as? Int == 999_000)
            #expect(record["rule"] as? String == "a")
            #expect(try tunnel.culvert.status()["limit_ended"] == 1)
            try tunnel.culvert.expectEmpty()
        }

        @Test func `a client that reads nothing of what it may have is idle`() throws {
            let flags = [
                "--workers", "1", "--relay", "copy", "--buffer-size", "256KiB",
                "--send-buffer", "16KiB", "--idle-timeout", "2s",
            ]
            let (culvert, _) = try RuleLimits.start("bytes: 128KiB", flags)
            let origin = try Origin()
            let client = try Stream.tunnel(culvert, to: origin.authority, receiveBuffer: 4096)
            let upstream = try origin.accept()
            Foundation.Thread.detachNewThread { try? upstream.send(.inbound, 0..<262_144) }
            // All that it may have is taken, and most of it finds no room.
            try culvert.wait(until: "buffers_out", is: 1)
            // Nothing is left for this, which the proxy keeps looking at.
            try client.send("x")
            let end = try culvert.end(of: origin.authority)
            #expect(end["reason"] as? String == "idle_timeout")
        }

        @Test func `what comes with the head counts`() throws {
            let bytes = [UInt8](repeating: 7, count: 600)
            let tunnel = try Self.open("bytes: 500", early: bytes)
            #expect(try tunnel.upstream.receiveToEnd().bytes == Array(bytes.prefix(500)))
            #expect(try tunnel.expectEnd("rule_bytes", by: "proxy")["bytes_out"] as? Int == 500)
        }

        // MARK: A lifetime

        @Test func `a tunnel ends when its time is over, be it ever so busy`() throws {
            let limits = "lifetime: 500ms, bytes-per-second: {down: 1MiB}"
            let tunnel = try Self.open(limits)
            let upstream = tunnel.upstream
            Foundation.Thread.detachNewThread { try? upstream.send(.inbound, 0..<50_000_000) }
            let time = try Self.seconds { _ = try tunnel.client.receiveToEnd(.inbound) }
            #expect(time > 0.3)
            let record = try tunnel.expectEnd("rule_lifetime", by: "proxy")
            #expect(record["duration_us"] as? Int ?? 0 >= 500_000)
            #expect(record["bytes_in"] as? Int ?? .max < 2 << 20)
        }
    }
}

import Foundation
import Testing

extension EndToEndTests {
    /// The timers of an established tunnel: when they end it, what both sides see, what is told.
    @Suite struct Timers {
        private func start(_ mode: String, _ flags: String...) throws -> Culvert {
            try Culvert(Culvert.openFlags + ["--relay", mode] + flags)
        }

        /// Expects that `tunnel` has been ended by the proxy for `reason`, not before its time.
        private func expectEnd(_ tunnel: Tunnel, _ reason: String, after: Int) throws {
            let end = try tunnel.expectEnd(reason, by: "proxy")
            #expect(end["duration_us"] as? Int ?? 0 >= after * 1000)
            try tunnel.culvert.expectEmpty()
        }

        @Test(arguments: Culvert.relayModes)
        func `silence ends a tunnel with a FIN to both sides`(mode: String) throws {
            let culvert = try start(mode, "--idle-timeout", "300ms")
            let tunnel = try Tunnel(culvert)
            try tunnel.exchange()
            for side in Side.allCases {
                let (rest, end) = try tunnel[side].receiveToEnd()
                #expect(rest.isEmpty && end == .fin)
            }
            try expectEnd(tunnel, "idle_timeout", after: 300)
        }

        @Test func `a reader that doesn't read is silent as well`() throws {
            let small = ["--send-buffer", "64KiB", "--receive-buffer", "64KiB"]
            try Crew.run(
                Culvert.relayModes.flatMap { mode -> [@Sendable () throws -> Void] in
                    Side.allCases.map { side in
                        {
                            let flags = ["--relay", mode, "--idle-timeout", "1s"] + small
                            let culvert = try Culvert(Culvert.openFlags + flags)
                            try expectSilence(culvert, from: side)
                        }
                    }
                }
            )
        }

        /// Expects that `culvert` ends a tunnel in which `side` has sent all that goes in.
        private func expectSilence(_ culvert: Culvert, from side: Side) throws {
            let tunnel = try Tunnel(culvert)
            _ = try tunnel[side].fill(side.pattern)
            let end = try tunnel.expectEnd("idle_timeout", by: "proxy")
            // What it has sent and nobody took is lost, and it hears so.
            #expect(try tunnel[side].receiveToEnd().end == .reset)
            // The other side reads what it had, and learns that this isn't all.
            let (count, seen) = try tunnel[side.other].receiveToEnd(side.pattern)
            let delivered = end[side == .client ? "bytes_out" : "bytes_in"] as? Int ?? 0
            #expect(count > 0 && count <= delivered && seen == .reset)
            try culvert.expectEmpty()
        }

        @Test(arguments: Culvert.relayModes)
        func `half of a tunnel has a time of its own`(mode: String) throws {
            let culvert = try start(mode, "--idle-timeout", "0", "--half-closed-timeout", "300ms")
            let tunnels = try Side.allCases.map { first in
                let tunnel = try Tunnel(culvert)
                try tunnel[first].finish()
                return tunnel
            }
            for tunnel in tunnels {
                for side in Side.allCases {
                    let (rest, end) = try tunnel[side].receiveToEnd()
                    #expect(rest.isEmpty && end == .fin)
                }
                try expectEnd(tunnel, "half_closed_timeout", after: 300)
            }
        }

        @Test func `without a time silence ends nothing`() throws {
            let flags = [
                "--idle-timeout", "0", "--half-closed-timeout", "0", "--park-after", "20ms",
            ]
            let tunnel = try Tunnel(Culvert(Culvert.openFlags + flags))
            // As long as others last in these tests.
            usleep(600_000)
            try tunnel.exchange()
            try tunnel.client.finish()
            usleep(600_000)
            try tunnel.upstream.send("late")
            #expect(try tunnel.client.receive(exactly: 4) == Array("late".utf8))
        }

        @Test(arguments: Culvert.relayModes)
        func `a lifetime ends however many bytes flow`(mode: String) throws {
            let culvert = try start(mode, "--max-lifetime", "500ms")
            let tunnel = try Tunnel(culvert)
            try Crew.run(
                Side.allCases.flatMap { side -> [@Sendable () throws -> Void] in
                    [
                        {
                            // It can't send to the end: its time is over before.
                            #expect(throws: Stream.Failure.self) {
                                try tunnel[side].send(side.pattern, 0..<1 << 40)
                            }
                        },
                        { _ = try tunnel[side].receiveToEnd(side.other.pattern) },
                    ]
                }
            )
            try expectEnd(tunnel, "lifetime", after: 500)
        }

        @Test(arguments: Culvert.relayModes)
        func `whoever is cut off amid a stream can tell`(mode: String) throws {
            let culvert = try start(mode, "--max-lifetime", "500ms")
            let tunnel = try Tunnel(culvert)
            let upstream = tunnel.upstream
            Foundation.Thread.detachNewThread { try? upstream.send(.inbound, 0..<1 << 40) }
            let (count, end) = try tunnel.client.receiveToEnd(.inbound)
            #expect(count > 0 && end == .reset)
            try expectEnd(tunnel, "lifetime", after: 500)
        }

        /// A tunnel in which one side says something now and then.
        private struct Chat: Sendable {
            let mode: String
            let speaker: Side
            let isHalfClosed: Bool

            static let all = Culvert.relayModes.flatMap { mode in
                Side.allCases.flatMap { side in
                    [false, true].map { Chat(mode: mode, speaker: side, isHalfClosed: $0) }
                }
            }

            /// Chats for three times as long as silence may last, then is silent.
            ///
            /// False if the machine was so slow that the silence may have been too long before.
            func run(_ culvert: Culvert, silence: Double) throws -> Bool {
                let tunnel = try Tunnel(culvert)
                if isHalfClosed { try tunnel[speaker.other].finish() }
                let start = Date.now
                var last = start
                var longest = 0.0
                while last.timeIntervalSince(start) < 3 * silence, longest < silence / 2 {
                    try tunnel[speaker].send([1])
                    #expect(try tunnel[speaker.other].receive(exactly: 1) == [1])
                    usleep(20_000)
                    longest = max(longest, -last.timeIntervalSinceNow)
                    last = .now
                }
                guard longest < silence / 2 else { return false }
                #expect(try tunnel[speaker.other].receiveToEnd().end == .fin)
                let reason = isHalfClosed ? "half_closed_timeout" : "idle_timeout"
                let end = try tunnel.expectEnd(reason, by: "proxy")
                #expect(Double(end["duration_us"] as? Int ?? 0) >= 3.5e6 * silence)
                return true
            }
        }

        @Test func `bytes in either direction begin the time of silence anew`() throws {
            let flags = ["--idle-timeout", "500ms", "--half-closed-timeout", "500ms"]
            try Crew.run(
                Chat.all.map { chat in
                    {
                        let relay = ["--relay", chat.mode, "--workers", "1"]
                        let culvert = try Culvert(Culvert.openFlags + flags + relay)
                        for _ in 0..<5 where try chat.run(culvert, silence: 0.5) { return }
                        Issue.record("the machine is too slow for this")
                    }
                }
            )
        }
    }
}

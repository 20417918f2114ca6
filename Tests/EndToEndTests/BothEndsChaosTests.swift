import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Both ends of the tunnel without CONNECT, and between them a network that loses, cuts,
    /// delays, repeats, reorders and mixes up requests and answers.
    @Suite struct BothEndsChaos {
        /// One stream as it is meant to go.
        private struct Plan {
            let out: Int
            let back: Int
            let start: Int
            let patience: Int

            init(_ dice: inout Dice, patience: Int) {
                let most = dice.pick([1, 2000, 50_000, 300_000])
                out = dice.below(most)
                back = dice.below(most)
                start = dice.below(900_000)
                self.patience = patience
            }

            /// What the program says of itself first.
            var head: [UInt8] {
                [out, back, start, patience].flatMap {
                    MethodSession.Frame.bytes(UInt64($0), 8)
                }
            }
        }

        private static func number(_ name: String) -> Int? {
            ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
        }

        private static var seeds: Range<Int> {
            let first = number("CULVERT_CHAOS_SEED") ?? 1
            return first..<first + (number("CULVERT_CHAOS_SEEDS") ?? 2)
        }

        /// An origin that sends what the head of a stream asks for, and says at the end that what
        /// came was what was announced.
        private func makeOrigin() throws -> Origin {
            try Origin { stream in
                let head = try stream.receive(exactly: 32)
                let numbers = (0..<4).map { part in
                    Int(MethodSession.Frame.number(head[part * 8..<part * 8 + 8]))
                }
                stream.setPatience(seconds: numbers[3])
                let start = numbers[2]
                do {
                    try Crew.run([
                        { try stream.send(.inbound, start..<start + numbers[1]) },
                        {
                            try stream.receive(.outbound, start..<start + numbers[0])
                            try #require(try stream.receive(1).isEmpty)
                        },
                    ])
                    try stream.send([1])
                } catch {
                    stream.reset()
                }
            }
        }

        private func live(_ plan: Plan, _ client: Culvert, _ authority: String) throws {
            let stream = try Stream(to: client.endpoint)
            stream.setPatience(seconds: plan.patience)
            try stream.send("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\r\n")
            let answer = try stream.receiveHead()
            try #require(answer == "HTTP/1.1 200 Connection established\r\n\r\n")
            try Crew.run([
                {
                    try stream.send(plan.head)
                    try stream.send(.outbound, plan.start..<plan.start + plan.out)
                    try stream.finish()
                },
                {
                    try stream.receive(.inbound, plan.start..<plan.start + plan.back)
                    try #require(try stream.receive(exactly: 1) == [1])
                    try #require(try stream.receive(1).isEmpty)
                },
            ])
            stream.close()
        }

        /// Lives what follows from `seed`: ten streams, and some that break off.
        private func live(_ seed: Int, _ server: Culvert, _ authority: String) throws {
            var dice = Dice(UInt64(seed))
            let mayBeSilent = seed % 8 == 7
            let proxy = try ChaosProxy(
                before: server.endpoint,
                seed: UInt64(seed),
                mayBeSilent: mayBeSilent
            )
            let client = try Culvert.client("http://\(proxy.endpoint)/tunnel")
            let patience = mayBeSilent ? 150 : 60
            let plans = (0..<10).map { _ in Plan(&dice, patience: patience) }
            let broken = (0..<dice.below(3)).map { _ in Plan(&dice, patience: 5) }
            let lives = plans.map { plan -> @Sendable () throws -> Void in
                { try live(plan, client, authority) }
            }
            let breaks = broken.map { plan -> @Sendable () throws -> Void in
                {
                    let stream = try Stream(to: client.endpoint)
                    try stream.send("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\r\n")
                    try stream.send(plan.head + [1, 2, 3])
                    _ = Readiness.comes(stream.descriptor, POLLIN, within: Int32(plan.back % 900))
                    stream.reset()
                }
            }
            try Crew.run(lives + breaks)
            let lost = client.journal.all.filter { $0.contains("session_lost") }
            #expect(lost == [])
            #expect(client.stop() == 0)
        }

        @Test func `every byte comes once and in order, whatever is done to requests`() throws {
            let server = try Culvert(
                MethodTunnels.flags + ["--max-sessions-per-user", "4000", "--max-sessions", "4000"]
            )
            let origin = try makeOrigin()
            let authority = origin.authority
            let seeds = Self.seeds
            try Crew.share(seeds.count, width: min(seeds.count, 24)) { index in
                let seed = seeds.lowerBound + index
                do {
                    try live(seed, server, authority)
                } catch {
                    let replay = "make chaos SEED=\(seed) SEEDS=1"
                    Issue.record("seed \(seed): \(error); replay with: \(replay)")
                }
            }
            #expect(try server.settled()["violations"] == 0)
        }
    }
}

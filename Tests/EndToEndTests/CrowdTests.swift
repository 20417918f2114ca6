import Foundation
import Testing

extension AloneTests {
    /// As many tunnels at once as there is room for, by the load tool of this package.
    @Suite struct Crowds {
        /// What the load tool is asked to do with `culvert`.
        private func command(_ scenario: String, _ culvert: Culvert, _ more: String...) -> [String]
        {
            [Program.loadTool, scenario, "--proxy", "\(culvert.endpoint)"] + more
        }

        private func expectSuccess(_ command: [String]) throws {
            let outcome = try Program.run(command[0], Array(command.dropFirst()))
            #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
            #expect(outcome.output.contains("failures: none"))
        }

        @Test(arguments: Culvert.relayModes)
        func `10,000 tunnels of random sizes carry every byte`(mode: String) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode])
            try expectSuccess(command("verify", culvert, "--tunnels", "10000"))
            try culvert.expectEmpty()
            #expect(try culvert.status()["opened"] == 10000)
        }

        @Test(arguments: ["verify", "echo"])
        func `tunnels that carry TLS get through`(scenario: String) throws {
            let culvert = try Culvert(Culvert.openFlags)
            let amount = scenario == "verify" ? [] : ["--duration", "500ms", "--warmup", "0"]
            try expectSuccess(command(scenario, culvert, "--tls", "--tunnels", "100") + amount)
            try culvert.expectEmpty()
            #expect(try culvert.status()["opened"] == 100)
        }

        @Test func `three workers hold more tunnels than there may be open files`() throws {
            let limit = #"ulimit -n 20000 && exec "$0" "$@""#
            let flags = [
                "--listen", "127.0.0.1:0", "--journal", "/dev/null", "--workers", "3",
                "--park-after", "1s",
            ]
            let culvert = try Culvert(
                command: ["sh", "-c", limit, Culvert.program] + flags + Culvert.openFlags
            )
            let line = try culvert.notices.first { $0.contains("serving with 3 workers") }
            let text = try #require(line.firstMatch(of: #/up to (\d+) tunnels/#)?.1)
            let ceiling = try #require(Int(text))
            // They have parked by then.
            let crowd = command("hold", culvert, "--tunnels", "25000", "--duration", "1500ms")
            try expectSuccess(crowd)
            try culvert.expectEmpty()

            // More than there is room for; those that get in stay until the tool is told to end.
            let excess = 6000
            let announced = ["sh", "-c", #"echo begun; exec "$0" "$@""#]
            let more = command("hold", culvert, "--tunnels", "\(ceiling + excess)")
            do {
                let throng = try Daemon(announced + more + ["--duration", "60s"]) { $0 == "begun" }
                try expectCeiling(culvert, ceiling, excess: excess)
                withExtendedLifetime(throng) {}
            }
            try culvert.expectEmpty()
            try expectSuccess(crowd)
        }

        /// Waits until all slots are taken and the rest of the crowd, `excess`, has been told so;
        /// then who comes is told so too, and nothing costs anything to speak of.
        private func expectCeiling(_ culvert: Culvert, _ ceiling: Int, excess: Int) throws {
            var levels: [String: Int] = [:]
            for _ in 0..<600 {
                levels = try culvert.status()
                let told = (levels["refused"] ?? 0) + (levels["shed"] ?? 0)
                if levels["tunnels"] ?? 0 >= ceiling, told >= excess { break }
                usleep(50_000)
            }
            #expect(levels["tunnels"] ?? 0 >= ceiling)
            for _ in 0..<30 {
                let refused = try culvert.ask(for: "127.0.0.1:1")
                #expect(refused.status == 503)
                #expect(refused.word == "connection_limit_reached")
            }
            // It comes to rest as soon as it has parked them all.
            var ticks = Int.max
            for _ in 0..<10 where ticks >= 20 {
                let before = try culvert.processorTicks()
                sleep(1)
                ticks = try culvert.processorTicks() - before
            }
            #expect(ticks < 20)
        }
    }
}

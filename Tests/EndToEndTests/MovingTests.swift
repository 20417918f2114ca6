import Foundation
import Testing

extension AloneTests {
    /// Busy tunnels move from a worker to one that rests, while bytes are on their way.
    @Suite struct Moving {
        /// Loads `culvert` from one CPU, and checks every byte.
        private static func load(
            _ culvert: Culvert,
            from cpu: Int,
            _ scenario: String
        ) throws {
            let words = scenario.split(separator: " ").map(String.init)
            let command = ["-c", "\(cpu)", Program.loadTool] + words
            let tool = try Program.run("taskset", command + ["--proxy", "\(culvert.endpoint)"])
            #expect(tool.status == 0, "\(tool.output)\(tool.errors)")
        }

        /// Loads a fresh culvert with two workers from the first CPU alone, whose worker the kernel
        /// gives all clients to, and checks every byte; its records, and how many tunnels moved.
        private func load(
            _ scenario: String,
            _ flags: [String]
        ) throws -> (records: [Culvert.Record], moved: Int) {
            let folder = try Folder()
            let rules = "rules: [{name: all, action: allow, networks: 127.0.0.0/8}]"
            try folder.write("policy.yaml", Data(rules.utf8))
            let limits = ["--allow-port", "any", "--tls-ports", "none", "--workers", "2"]
            let access = try folder.writeUsers(["ana"]) + ["--policy", folder.path("policy.yaml")]
            let culvert = try Culvert(limits + access + flags)
            try Self.load(culvert, from: 0, "\(scenario) --duration 3s --credentials ana:word")
            try culvert.expectEmpty()
            let levels = try culvert.status()
            #expect(levels["moved_away"] == levels["moved_here"])
            #expect(culvert.stop() == 0)
            return (culvert.journal.all.compactMap(Culvert.record), levels["moved_here"] ?? 0)
        }

        @Test(arguments: [
            ("echo --tunnels 48", "auto"), ("echo --tunnels 48 --size 20KiB", "splice"),
            ("bulk --tunnels 8 --direction both", "copy"),
        ])
        func `not a byte is lost, and the journal knows whose they are`(
            scenario: String,
            relay: String
        ) throws {
            let (records, moved) = try load(scenario, ["--relay", relay])
            #expect(moved > 0)
            let opened = Dictionary(
                records.filter { $0["event"] as? String == "open" }
                    .map { ($0["id"] as? String ?? "", $0) },
                uniquingKeysWith: { first, _ in first }
            )
            let ended = records.filter { $0["event"] as? String == "end" }
            #expect(opened.count == ended.count)
            var elsewhere = 0
            for end in ended {
                let id = try #require(end["id"] as? String)
                let open = try #require(opened[id], "\(id) was never opened")
                for member in ["client", "user", "authority", "rule", "address", "connect_us"] {
                    #expect("\(end[member] ?? "")" == "\(open[member] ?? "")", "\(id) \(member)")
                }
                #expect(end["user"] as? String == "ana" && end["rule"] as? String == "all")
                let worker = try #require(end["worker"] as? Int)
                if !id.hasPrefix("\(worker)-") { elsewhere += 1 }
            }
            #expect(elsewhere > 0)
        }

        @Test func `tunnels of either CPU end up with its worker`() throws {
            let culvert = try Culvert(Culvert.openFlags + ["--workers", "2"])
            try Crew.run(
                (0..<2).map { cpu in
                    {
                        let scenario = "echo --tunnels 400 --duration 5s --source 127.0.0.1\(cpu)"
                        try Self.load(culvert, from: cpu, scenario)
                    }
                }
            )
            try culvert.expectEmpty()
            #expect(culvert.stop() == 0)
            let ended = culvert.journal.all.compactMap(Culvert.record)
                .filter { $0["event"] as? String == "end" }
            #expect(ended.count == 800)
            let isHome = ended.map { record in
                (record["client"] as? String)?.hasPrefix("127.0.0.1\(record["worker"] ?? ""):")
            }
            #expect(isHome.count { $0 == true } > 700)
        }

        @Test func `streams as fast as they go both ways stay even`() throws {
            let culvert = try Culvert(Culvert.openFlags + ["--workers", "2"])
            let scenario = "bulk --tunnels 40 --duration 4s --proxy \(culvert.endpoint)"
            let words = scenario.split(separator: " ").map(String.init)
            let tool = try Program.prepare(Program.loadTool, words)
            tool.standardOutput = FileHandle.nullDevice
            let ended = DispatchSemaphore(value: 0)
            tool.terminationHandler = { _ in ended.signal() }
            try Program.start(tool)
            try culvert.wait(until: "tunnels", is: 40)
            var most: [Int] = []
            let end = Date() + 4
            while Date() < end, ended.wait(timeout: .now() + 0.05) == .timedOut {
                most.append(try culvert.workerStatus().map { $0["tunnels"] ?? 0 }.max() ?? 0)
            }
            // They had two seconds to move.
            most.removeFirst(most.count / 2)
            tool.waitUntilExit()
            #expect(tool.terminationStatus == 0)
            try culvert.expectEmpty()
            #expect(culvert.stop() == 0)
            try #require(most.count > 5)
            #expect(most.sorted()[most.count / 2] <= 23, "\(most)")
        }

        @Test func `without balance they stay`() throws {
            let (_, moved) = try load("echo --tunnels 48", ["--no-balance"])
            #expect(moved == 0)
        }
    }
}

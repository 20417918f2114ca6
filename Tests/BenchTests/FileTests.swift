import Foundation
import Testing

extension ProgramTests {
    /// The files that the program writes.
    @Suite struct Files {
        @Test func `figures are written as JSON`() throws {
            let folder = try Scratch()
            let own = "\(ProcessInfo.processInfo.processIdentifier)"
            let result = try Tool.run([
                "hold", "--direct", "--pid", own, "--duration", "100ms", "--json",
                folder.path("a.json"),
            ])
            #expect(result.status == 0)
            let figures = try folder.figures("a.json")
            #expect(figures["clean"] as? Bool == true)
            let memory = try #require(figures["memory"] as? [String: Any])
            #expect(memory["tunnels"] as? Int == 1000)
            #expect(memory["process_resident_bytes_per_tunnel"] is Double)
            // Others use the kernel's memory meanwhile: only that the parts make the whole can be
            // told.
            let parts = try ["slab", "stack", "page_table"].map {
                try #require(memory["kernel_\($0)_bytes_per_tunnel"] as? Double)
            }
            let kernel = try #require(memory["kernel_bytes_per_tunnel"] as? Double)
            #expect(abs(kernel - parts.reduce(0, +)) < 0.01)
            #expect(figures["unreadable"] as? [String] == [])
            let samples = try #require(figures["samples"] as? [[String: Any]])
            #expect(samples.contains { $0["kernel_unreclaimable_bytes"] as? Int ?? 0 > 0 })
            #expect(samples.contains { $0["process_descriptors"] as? Int ?? 0 > 0 })
            let stretches = try #require(figures["stretches"] as? [[String: Any]])
            #expect(stretches.map { $0["name"] as? String } == ["open", "hold", "prove", "close"])
            #expect(stretches.map { $0["count"] as? Double }.first == 1000)
            let times = try #require(figures["nanoseconds"] as? [String: Any])
            let messages = try #require(times["message"] as? [String: Any])
            let buckets = try #require(messages["buckets"] as? [[Int]])
            #expect(buckets.reduce(0) { $0 + $1[1] } == 1000)
        }

        @Test func `the main figures are written as CSV`() throws {
            let folder = try Scratch()
            let own = "\(ProcessInfo.processInfo.processIdentifier)"
            let result = try Tool.run([
                "hold", "--direct", "--pid", own, "--tunnels", "50", "--duration", "100ms",
                "--json", folder.path("a.json"), "--csv", folder.path("a.csv"),
            ])
            #expect(result.status == 0)
            let cells = try folder.cells("a.csv")
            #expect(cells["scenario"] == "hold")
            #expect(cells["route"] == "direct")
            #expect(cells["target"] == "")
            #expect(cells["tunnels"] == "50")
            #expect(cells["errors"] == "0")
            #expect(cells["stretch"] == "open")
            #expect(cells["units"] == "50.000")
            #expect(Double(cells["units_per_second"] ?? "") ?? 0 > 0)
            #expect(Double(cells["process_cpu_us_per_unit"] ?? "") != nil)
            #expect(Double(cells["process_resident_bytes_per_tunnel"] ?? "") != nil)
            #expect(cells["late_start_count"] == "0")
            #expect(cells["late_start_p50_us"] == "")
            let times = try #require(folder.figures("a.json")["nanoseconds"])
            let messages = (times as? [String: Any])?["message"] as? [String: Any]
            let nanoseconds = try #require(messages?["p99.9"] as? Int)
            #expect(cells["message_p99.9_us"].flatMap(Double.init) == Double(nanoseconds) / 1000)
        }

        @Test func `samples of the warm-up stand before the start`() throws {
            let folder = try Scratch()
            let times = ["--warmup", "300ms", "--duration", "300ms"]
            _ = try Tool.run(["rate", "--direct", "--json", folder.path("a.json")] + times)
            let samples = try #require(folder.figures("a.json")["samples"] as? [[String: Any]])
            let seconds = samples.compactMap { $0["seconds"] as? Double }
            #expect(seconds.count >= 2)
            #expect(seconds == seconds.sorted() && Set(seconds).count == seconds.count)
            #expect(seconds.first ?? 0 < 0)
        }

        @Test func `the README of the load tool names every column`() throws {
            let folder = try Scratch()
            _ = try Tool.run(["verify", "--direct", "--tunnels", "1", "--csv", folder.path("a")])
            let readme = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../Benchmarks/README.md").standardized
            let document = try String(contentsOf: readme, encoding: .utf8)
            for name in try folder.cells("a").keys {
                let general = name.replacing(
                    #/^(setup|message|tunnel|message_beside|late_start)_(?=count|p[0-9]|max)/#,
                    with: "T_"
                )
                #expect(document.contains("`\(general)`"))
            }
        }

        @Test func `an interrupt writes what was measured so far`() throws {
            let folder = try Scratch()
            let result = try Tool.runUntilInterrupted([
                "--json", folder.path("a.json"), "--csv", folder.path("a.csv"),
            ])
            #expect(result.status == 130)
            let figures = try folder.figures("a.json")
            #expect(figures["interrupted"] as? Bool == true)
            let cells = try folder.cells("a.csv")
            #expect(cells["interrupted"] == "true")
            #expect(cells["stretch"] == "echo")
            #expect(Double(cells["units"] ?? "") ?? 0 >= 1)
        }
    }
}

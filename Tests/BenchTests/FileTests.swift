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

        /// Runs the tool with `arguments`; the settings in its JSON, and the cells of its CSV.
        private func settings(
            _ arguments: [String]
        ) throws -> (json: [String: Any], csv: [String: String]) {
            let folder = try Scratch()
            let files = ["--json", folder.path("a.json"), "--csv", folder.path("a.csv")]
            let result = try Tool.run(arguments + files)
            #expect(result.status == 0, "\(result.output)\(result.errors)")
            #expect(try !folder.text("a.json").contains("secret"))
            let settings = try #require(folder.figures("a.json")["settings"] as? [String: Any])
            return (settings, try folder.cells("a.csv"))
        }

        @Test func `all settings of a mix are written`() throws {
            let written = try settings([
                "mix", "--direct", "--tls", "--count", "8", "--concurrency", "4", "--origins", "2",
                "--source", "127.9.0.1-127.9.0.3", "--source", "127.9.0.9", "--timeout", "7s",
                "--mix", "short=100", "--think", "1ms-2ms", "--size", "64B-1KiB",
                "--messages", "2-5", "--stream", "3KiB", "--stand", "0",
            ])
            for (name, value) in [
                "size": "64B-1KiB", "mix": "short=100,chatty=0,bulk=0,idle=0", "think": "1ms-2ms",
                "messages": "2-5", "stream": "3KiB", "stand": "0s",
                "sources": "127.9.0.1-127.9.0.3 127.9.0.9",
            ] {
                #expect(written.json[name] as? String == value, "\(name)")
            }
            #expect(written.json["tls"] as? Bool == true)
            #expect(written.json["origins"] as? Int == 2)
            #expect(written.json["timeout_seconds"] as? Double == 7)
            for name in ["duration_seconds", "warmup_seconds", "direction", "users", "origin"] {
                #expect(written.json[name] is NSNull, "\(name)")
            }
            for name in ["size_bytes", "duration_seconds", "warmup_seconds", "direction"] {
                #expect(written.csv[name] == "", "\(name)")
            }
        }

        @Test func `all settings of hostile clients are written, but for the password`() throws {
            let proxy = FaultyProxy.proxy(.none)
            defer { proxy.stop() }
            let written = try settings([
                "hostile", "--proxy", "\(proxy.endpoint)", "--credentials", "user:secret",
                "--users", "3", "--tunnels", "2", "--hostile", "4", "--kinds", "silent,reset",
                "--interval", "50ms", "--alone", "200ms", "--duration", "100ms", "--warmup", "0",
            ])
            #expect(written.json["alone_seconds"] as? Double == 0.2)
            #expect(written.json["kinds"] as? String == "silent,reset")
            #expect(written.json["hostile"] as? Int == 4)
            #expect(written.json["interval_seconds"] as? Double == 0.05)
            #expect(written.json["users"] as? Int == 3)
            #expect(written.json["tls"] as? Bool == false)
            #expect(written.json["size"] as? Int == 64)
            #expect(written.json["warmup_seconds"] as? Double == 0)
            #expect(written.csv["duration_seconds"] == "0.100")
        }

        @Test func `settings of origins are written`() throws {
            let origin = FaultyProxy.echo(.none)
            defer { origin.stop() }
            let direct = ["echo", "--direct", "--tunnels", "2", "--warmup", "0"]
            let time = ["--duration", "100ms"]
            let other = try settings(direct + time + ["--origin", "\(origin.endpoint)"])
            #expect(other.json["origin"] as? String == "\(origin.endpoint)")
            #expect(other.json["origins"] is NSNull)
            let endpoint = "127.0.0.1:\(Wire.listening().port)"
            let own = try settings(direct + time + ["--listen", endpoint])
            #expect(own.json["listen"] as? String == endpoint)
            #expect(own.json["sources"] is NSNull)
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

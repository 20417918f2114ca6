import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// A journal that is moved away, full, or not read.
    @Suite struct Journals {
        /// A culvert whose journal goes to `path`.
        private func start(journal path: String) throws -> Culvert {
            let flags = ["--listen", "127.0.0.1:0", "--journal", path] + Culvert.openFlags
            return try Culvert(command: [Culvert.program] + flags)
        }

        /// The authorities of the end records in `text`, of which each line must be one record.
        private func authorities(_ text: String) throws -> [String] {
            try text.split(separator: "\n").compactMap { line in
                let record = try #require(Culvert.record(String(line)))
                return record["event"] as? String == "end" ? record["authority"] as? String : nil
            }
        }

        @Test func `SIGHUP opens it anew, and no record is lost`() throws {
            let folder = try Folder()
            let culvert = try start(journal: folder.path("journal"))
            var asked: [[String]] = []
            for round in 1...3 {
                asked.append(try (0..<20).map { _ in "127.0.0.1:\(try Origin.freePort())" })
                for authority in asked[round - 1] { _ = try culvert.ask(for: authority) }
                // A record is written a moment after its client has been answered.
                try waitFor(folder, asked[round - 1])
                try FileManager.default.moveItem(
                    at: folder.url("journal"),
                    to: folder.url("journal.\(round)")
                )
                let seen = culvert.notices.all.count
                culvert.signal(SIGHUP)
                _ = try culvert.notices.first(from: seen) { $0.contains("journal opened anew") }
            }
            #expect(culvert.stop() == 0)
            for round in 1...3 {
                let found = try authorities(folder.text("journal.\(round)"))
                #expect(found.sorted() == asked[round - 1].sorted())
            }
            #expect(try folder.text("journal") == "")
        }

        @Test func `SIGHUP opens it anew while draining, too`() throws {
            let folder = try Folder()
            let culvert = try start(journal: folder.path("journal"))
            let tunnel = try Tunnel(culvert)
            try tunnel.exchange()
            culvert.signal(SIGTERM)
            _ = try culvert.notices.first { $0.contains("draining: 1 tunnels") }
            try FileManager.default.moveItem(at: folder.url("journal"), to: folder.url("old"))
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains("journal opened anew") }
            tunnel.client.close()
            #expect(culvert.waitForEnd() == 0)
            // Most likely it is the new one that has the tunnel's end.
            let texts = try [folder.text("old"), folder.text("journal")]
            #expect(try texts.flatMap { try authorities($0) } == [tunnel.origin.authority])
        }

        /// Waits until there are records of all `authorities`.
        private func waitFor(_ folder: Folder, _ wanted: [String]) throws {
            for _ in 0..<1000 {
                let text = try folder.text("journal")
                if text.hasSuffix("\n"), try authorities(text).count == wanted.count { return }
                usleep(5000)
            }
            Issue.record("records are missing")
        }

        @Test func `a full disk is counted and told, and holds nobody up`() throws {
            let culvert = try start(journal: "/dev/full")
            for _ in 0..<20 { try Tunnel(culvert).exchange() }
            let line = try culvert.notices.first { $0.contains("records could not be written") }
            #expect(line.contains(" error "))
            for _ in 0..<20 { try Tunnel(culvert).exchange() }
            try culvert.expectEmpty()
            // The last record is lost a moment after its tunnel has ended.
            try culvert.wait(until: "journal_unwritten", is: 80)
            #expect(try culvert.status()["journal_unwritten"] == 80)
            #expect(culvert.stop() == 0)
            let losses = culvert.notices.allAtEnd().compactMap {
                $0.firstMatch(of: #/(\d+) journal records could not/#).flatMap { Int($0.1) }
            }
            // Told once a second as they come, and all together at the end.
            #expect(losses.last == 80)
        }

        /// A culvert whose file at `journal` is full at 4 KiB, its last record most likely cut.
        private func cutShort(_ journal: String) throws -> Culvert {
            let script = #"ulimit -S -f 4 && exec "$0" "$@""#
            let flags = ["--listen", "127.0.0.1:0", "--journal", journal]
            let culvert = try Culvert(
                command: ["bash", "-c", script, Culvert.program] + flags + Culvert.openFlags
            )
            for _ in 0..<40 { try culvert.ask(for: "a.test:0").expect(400, "http_request_error") }
            _ = try culvert.notices.first { $0.contains("records could not be written") }
            return culvert
        }

        private func giveRoom(to culvert: Culvert) throws {
            let process = "\(culvert.process.processIdentifier)"
            _ = try Program.output(of: "prlimit", ["--pid", process, "--fsize=1000000"])
        }

        @Test func `behind a record that was cut short the next one begins on a new line`() throws {
            let folder = try Folder()
            let culvert = try cutShort(folder.path("journal"))
            let full = try folder.text("journal")
            #expect(full.utf8.count == 4096)
            // Hardly ever the limit is at the very end of a record, and nothing is cut.
            let cut = Culvert.record(full.split(separator: "\n").last.map(String.init) ?? "") == nil
            try giveRoom(to: culvert)
            let closed = "127.0.0.1:\(try Origin.freePort())"
            for _ in 0..<10 { try culvert.ask(for: closed).expect(502, "connection_refused") }
            #expect(culvert.stop() == 0)
            let lines = try folder.text("journal").split(separator: "\n")
            let records = lines.compactMap { Culvert.record(String($0)) }
            #expect(records.count == lines.count - (cut ? 1 : 0))
            let last = records.filter { $0["authority"] as? String == closed }
            #expect(last.count == 10)
        }

        @Test func `behind a record that was cut short a new file has every record`() throws {
            let folder = try Folder()
            let culvert = try cutShort(folder.path("journal"))
            try giveRoom(to: culvert)
            try FileManager.default.moveItem(at: folder.url("journal"), to: folder.url("old"))
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains("journal opened anew") }
            for _ in 0..<10 { try culvert.ask(for: "b.test:0").expect(400, "http_request_error") }
            #expect(culvert.stop() == 0)
            let lines = try folder.text("journal").split(separator: "\n")
            let ends = lines.compactMap { Culvert.record(String($0)) }
                .filter { $0["event"] as? String == "end" }
            #expect(ends.count == 10)
        }

        @Test func `a reader that is late gets all, though writing to its pipe doesn't wait`()
            throws
        {
            let folder = try Folder()
            let path = folder.path("journal")
            let status = unsafe mkfifo(path, 0o600)
            #expect(status == 0)
            let reader = try FileHandle(forUpdating: folder.url("journal"))
            let script = """
                import os, sys
                os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK), 1)
                os.execv(sys.argv[2], sys.argv[2:])
                """
            let flags = ["--listen", "127.0.0.1:0", "--journal", "-"] + Culvert.openFlags
            let culvert = try Culvert(
                command: [Program.python, "-c", script, path, Culvert.program] + flags
            )
            // More than the pipe holds, and less than what may wait.
            for _ in 0..<1000 { try culvert.ask(for: "a.test:0").expect(400, "http_request_error") }
            let journal = Lines(reader, name: "the journal")
            _ = try journal.first(from: 999) { _ in true }
            #expect(journal.all.allSatisfy { Culvert.record($0) != nil })
            #expect(culvert.stop() == 0)
            #expect(!culvert.notices.allAtEnd().contains { $0.contains("lost") })
        }

        @Test func `a journal that can't be opened anew is told, and goes on`() throws {
            let folder = try Folder()
            let journal = folder.path("journal")
            let culvert = try start(journal: journal)
            try FileManager.default.moveItem(
                at: folder.url("journal"),
                to: folder.url("journal.1")
            )
            try FileManager.default.createDirectory(
                at: folder.url("journal"),
                withIntermediateDirectories: false
            )
            culvert.signal(SIGHUP)
            let line = try culvert.notices.first { $0.contains("the journal goes on as before") }
            #expect(line.contains(" error ") && line.contains("--journal \(journal): "))
            let closed = "127.0.0.1:\(try Origin.freePort())"
            try culvert.ask(for: closed).expect(502, "connection_refused")
            #expect(culvert.stop() == 0)
            #expect(try authorities(folder.text("journal.1")) == [closed])
        }

        @Test func `a reader that doesn't read holds nobody up, not even the end`() throws {
            let folder = try Folder()
            let path = folder.path("journal")
            let status = unsafe mkfifo(path, 0o600)
            #expect(status == 0)
            let reader = try FileHandle(forUpdating: folder.url("journal"))
            let culvert = try start(journal: folder.path("journal"))
            // The pipe is soon full.
            for _ in 0..<2000 { try culvert.ask(for: "a.test:0").expect(400, "http_request_error") }
            try Tunnel(culvert).exchange()
            try culvert.expectEmpty()
            #expect(culvert.stop() == 0)
            try reader.close()
        }
    }
}

import Foundation
import Testing

extension AloneTests {
    /// Standard streams that are closed, or that somebody else reads.
    @Suite struct StandardStreams {
        private static let flags = ["--listen", "127.0.0.1:0"] + Culvert.openFlags

        @Test func `a stream that is closed gives its number to nothing else`() throws {
            let script = #"exec "$0" "$@" <&- >&-"#
            let culvert = try Culvert(
                command: ["/bin/sh", "-c", script, Culvert.program] + Self.flags
            )
            for stream in 0...1 {
                let link = "/proc/\(culvert.process.processIdentifier)/fd/\(stream)"
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: link)
                #expect(target == "/dev/null")
            }
            // What is held while it starts is held no more.
            let sockets = try String(contentsOfFile: "/proc/net/unix", encoding: .utf8)
            #expect(!sockets.contains("@culvert starts"))
            try Tunnel(culvert).exchange()
            #expect(culvert.stop() == 0)
        }

        @Test(arguments: [">&-", "</dev/null >&0"])
        func `a journal on a standard output that takes nothing stops the start`(
            redirection: String
        ) throws {
            let script = #"exec "$0" "$@" "# + redirection
            let flags = Self.flags + ["--journal", "-"]
            let outcome = try Program.run(
                "/bin/sh",
                ["-c", script, try Culvert.program] + flags
            )
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("--journal -: standard output isn't open for writing"))
        }

        @Test func `the reader of a pipe sees one end of the journal, behind the last record`()
            throws
        {
            let folder = try Folder()
            let path = folder.path("journal")
            _ = try Program.output(of: "mkfifo", [path])
            // It leaves at the first end.
            let reader = try Daemon(
                ["/bin/sh", "-c", #"echo ready; cat "$0"; echo; echo gone"#, path]
            ) { $0 == "ready" }
            let culvert = try Culvert(
                command: [Culvert.program] + Self.flags + ["--journal", path]
            )
            try culvert.ask(for: "a.test:0").expect(400, "http_request_error")
            #expect(culvert.stop() == 0)
            _ = try reader.lines.first { $0 == "gone" }
            let records = reader.lines.all.compactMap { Culvert.record($0) }
            #expect(records.map { $0["event"] as? String } == ["end"])
        }
    }
}

import Foundation
import Testing

extension AloneTests {
    /// A proxy whose user may have no more pages in pipes.
    ///
    /// The kernel counts them for each user, so other proxies would take from what is left.
    @Suite struct PipeLimits {
        /// A pipe that may be as large as any, empty.
        private func makeLargePipe() throws -> Foundation.Pipe {
            let pipe = Foundation.Pipe()
            let setPipeSize: Int32 = 1031  // F_SETPIPE_SZ
            try #require(fcntl(pipe.fileHandleForWriting.fileDescriptor, setPipeSize, 1 << 20) > 0)
            return pipe
        }

        @Test func `who may have no more pipes copies, and splices again once there are some`()
            throws
        {
            // Limits of a user's pipes don't count for the administrator.
            let bounded = ["setpriv", "--bounding-set=-sys_admin,-sys_resource"]
            let flags = ["--workers", "1"] + Culvert.openFlags
            let shown = try Program.run(
                bounded[0],
                [bounded[1], try Culvert.program, "--show-configuration"] + flags
            )
            #expect(shown.output.contains(#/--pipe-size +256KiB +derived/#))
            let culvert = try Culvert(
                command: bounded + [try Culvert.program, "--listen", "127.0.0.1:0"] + flags
            )
            let stream = {
                let words = ["bulk", "--tunnels", "2", "--direction", "down"]
                let more = ["--duration", "500ms", "--proxy", "\(culvert.endpoint)"]
                let outcome = try Program.run(Program.loadTool, words + more)
                try #require(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
            }
            let path = "/proc/sys/fs/pipe-user-pages-soft"
            let limit = try String(contentsOfFile: path, encoding: .utf8)
            let pages = try #require(Int(limit.trimmingCharacters(in: .newlines)))
            try #require(1..<1 << 16 ~= pages, "fs.pipe-user-pages-soft is \(pages)")
            var pipes = try (0...pages / 256).map { _ in try makeLargePipe() }
            try stream()
            #expect(try culvert.status()["pipes_open"] == 0)
            pipes.removeAll()
            try stream()
            #expect(try #require(try culvert.status()["pipes_open"]) > 0)
            try culvert.expectEmpty()
        }
    }
}

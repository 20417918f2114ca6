import Foundation
import Testing

extension EndToEndTests {
    /// What a worker asks of the kernel other than through its ring.
    @Suite struct SystemCalls {
        /// The thread of worker 0.
        private static func thread(of culvert: Culvert) throws -> String {
            let top = "/proc/\(culvert.process.processIdentifier)/task"
            let threads = try FileManager.default.contentsOfDirectory(atPath: top)
            let worker = threads.first { thread in
                FileManager.default.contents(atPath: "\(top)/\(thread)/comm")
                    == Data("worker-0\n".utf8)
            }
            return try #require(worker)
        }

        /// Calls by their names while `body` runs, as strace counts them on `thread`.
        private static func count(
            on thread: String,
            _ body: () throws -> Void
        ) throws -> [String: Int] {
            let folder = try Folder()
            let strace = try Program.prepare(
                "strace",
                ["-c", "-U", "calls,name", "-o", folder.path("calls"), "-p", thread]
            )
            let errors = Pipe()
            strace.standardError = errors
            try Program.start(strace)
            let notices = Lines(errors.fileHandleForReading, name: "strace")
            _ = try notices.first { $0.contains("attached") }
            let result = Result { try body() }
            strace.terminate()
            strace.waitUntilExit()
            try result.get()
            var calls: [String: Int] = [:]
            for line in try folder.text("calls").components(separatedBy: "\n") {
                let words = line.split(separator: " ")
                guard words.count == 2, let count = Int(words[0]) else { continue }
                calls[String(words[1])] = count
            }
            return calls
        }

        @Test func `ten thousand short tunnels enter the kernel less than once each`() throws {
            let culvert = try Culvert(Culvert.openFlags + ["--workers", "1"])
            let origin = try Origin.echo()
            let open: @Sendable (Int) throws -> Void = { number in
                let tunnel = try Stream.tunnel(culvert, to: origin.authority)
                let text = Array("tunnel \(number)".utf8)
                try tunnel.send(text)
                guard try tunnel.receive(exactly: text.count) == text else {
                    throw Stream.Failure(call: "a wrong echo", code: 0)
                }
                try tunnel.finish()
                _ = try tunnel.receiveToEnd()
            }
            // The first ones make what is kept, such as the memory of slots.
            try Crew.share(100, width: 64, open)
            let calls = try Self.count(on: Self.thread(of: culvert)) {
                try Crew.share(10_000, width: 64, open)
            }
            let table = calls.sorted { $0.value > $1.value }
                .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            print("calls of a worker for 10,000 tunnels: \(table)")
            let entered = try #require(calls["io_uring_enter"])
            #expect(entered < 10_000)
            // A socket is made, shut down and given its options by calls that cost less than a
            // submission, and the journal asks who came; nothing else is called for a tunnel.
            let allowed: Set = [
                "io_uring_enter", "socket", "setsockopt", "shutdown", "getpeername", "total",
            ]
            #expect(calls.filter { !allowed.contains($0.key) && $0.value > 100 } == [:])
            let forbidden = [
                "epoll", "read", "write", "recv", "send", "accept", "connect", "poll", "select",
            ]
            for name in calls.keys {
                #expect(!forbidden.contains { name.hasPrefix($0) }, "\(name)")
            }
        }
    }
}

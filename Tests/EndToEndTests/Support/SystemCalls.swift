import Foundation
import Testing

/// What worker 0 of `culvert` asks of the kernel, as strace(1) counts it.
struct SystemCalls {
    /// How often each was called.
    let counts: [String: Int]

    /// All calls together.
    var total: Int { counts.values.reduce(0, +) }

    /// Counts the calls while `body` runs.
    init(of culvert: Culvert, while body: () throws -> Void) throws {
        let folder = try Folder()
        let strace = try Program.prepare(
            "strace",
            ["-c", "-U", "calls,name", "-o", folder.path("calls"), "-p", Self.thread(of: culvert)]
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
        counts = Self.counts(in: try folder.text("calls"))
    }

    private static func thread(of culvert: Culvert) throws -> String {
        let top = "/proc/\(culvert.process.processIdentifier)/task"
        let threads = try FileManager.default.contentsOfDirectory(atPath: top)
        let worker = threads.first { thread in
            FileManager.default.contents(atPath: "\(top)/\(thread)/comm") == Data("worker-0\n".utf8)
        }
        return try #require(worker)
    }

    private static func counts(in table: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in table.components(separatedBy: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, words[1] != "total", let count = Int(words[0]) else { continue }
            counts[String(words[1])] = count
        }
        return counts
    }
}

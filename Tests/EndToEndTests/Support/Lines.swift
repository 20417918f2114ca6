import Foundation

/// The lines that a process prints, for waiting on the one that says what has happened.
final class Lines: @unchecked Sendable {
    /// The line that was waited for did not come.
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    private let condition = NSCondition()
    private var lines: [String] = []
    private var hasEnded = false
    private let name: String

    /// Reads from `source`, on a thread of its own, until it ends.
    init(_ source: FileHandle, name: String) {
        self.name = name
        Thread.detachNewThread { [self] in
            var rest = Data()
            while true {
                let data = source.availableData
                guard !data.isEmpty else { break }
                rest.append(data)
                while let end = rest.firstIndex(of: 0x0a) {
                    append(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
                    rest = Data(rest[(end + 1)...])
                }
            }
            condition.withLock {
                hasEnded = true
                condition.broadcast()
            }
        }
    }

    private func append(_ line: String) {
        condition.withLock {
            lines.append(line)
            condition.broadcast()
        }
    }

    /// All lines so far.
    var all: [String] { condition.withLock { lines } }

    /// The first line from number `start` on that `isMeant`, as soon as it is there.
    func first(
        from start: Int = 0,
        within seconds: Double = 30,
        where isMeant: (String) -> Bool
    ) throws -> String {
        let limit = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        defer { condition.unlock() }
        var next = start
        while true {
            while next < lines.count {
                if isMeant(lines[next]) { return lines[next] }
                next += 1
            }
            guard !hasEnded, condition.wait(until: limit) else {
                let why = hasEnded ? "it ended" : "\(seconds) s are over"
                let all = lines.joined(separator: "\n")
                throw Missing(description: "no such line of \(name), \(why); it said:\n\(all)")
            }
        }
    }

    /// All lines, once there are no more to come.
    func allAtEnd() -> [String] {
        condition.lock()
        defer { condition.unlock() }
        while !hasEnded { condition.wait() }
        return lines
    }
}

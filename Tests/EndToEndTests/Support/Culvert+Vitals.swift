import Foundation
import Testing

/// What tests of hostile peers want to know of a culvert, and do to it.
extension Culvert {
    /// The ways of relaying.
    static let relayModes = ["auto", "copy", "splice", "ring-splice"]

    /// The folders in which the system tells of its workers' threads.
    private var workers: [String] {
        get throws {
            let tasks = "/proc/\(process.processIdentifier)/task"
            return try FileManager.default.contentsOfDirectory(atPath: tasks)
                .map { "\(tasks)/\($0)" }
                .filter { task in
                    let name = try? String(contentsOfFile: "\(task)/comm", encoding: .utf8)
                    return name?.hasPrefix("worker-") == true
                }
        }
    }

    /// Descriptors that are open in its workers' tables.
    var workerDescriptors: Int {
        get throws {
            try workers.reduce(0) {
                try $0 + FileManager.default.contentsOfDirectory(atPath: "\($1)/fd").count
            }
        }
    }

    /// All that it has in memory of its own at present.
    func memory() throws -> Data {
        let process = "/proc/\(process.processIdentifier)"
        let maps = try String(contentsOfFile: "\(process)/maps", encoding: .utf8)
        let file = try FileHandle(forReadingFrom: URL(filePath: "\(process)/mem"))
        let pages = try FileHandle(forReadingFrom: URL(filePath: "\(process)/pagemap"))
        var memory = Data()
        for map in maps.split(separator: "\n") where map.contains(" rw-p ") {
            let bounds = map.prefix { $0 != " " }.split(separator: "-")
                .compactMap { UInt64($0, radix: 16) }
            let (start, end) = (bounds[0], bounds[1])
            // Eight bytes for each page, of which the highest two bits say whether it is there.
            try pages.seek(toOffset: start / 4096 * 8)
            let entries = [UInt8](try pages.read(upToCount: Int(end - start) / 4096 * 8) ?? Data())
            for page in 0..<entries.count / 8 where entries[8 * page + 7] & 0xc0 != 0 {
                try file.seek(toOffset: start + 4096 * UInt64(page))
                memory += try file.read(upToCount: 4096) ?? Data()
            }
        }
        return memory
    }

    /// Stops its threads, so that what is done meanwhile comes to it at one moment.
    func pause() throws {
        signal(SIGSTOP)
        for _ in 0..<1000 {
            let areStopped = try workers.allSatisfy { worker in
                try String(contentsOfFile: "\(worker)/stat", encoding: .utf8).contains(") T ")
            }
            if areStopped { return }
            usleep(1000)
        }
        Issue.record("it didn't stop")
    }

    /// Lets a culvert that was paused go on.
    func resume() { signal(SIGCONT) }

    /// Waits until a single worker has handled all that has come to it so far.
    ///
    /// It does so in turn: when it has refused a request, it has.
    func handleAll() throws {
        _ = try ask(Array("BREW".utf8) + [0])
    }

    // MARK: Levels

    /// The levels that are zero when no client is there.
    private static let levels = ["tunnels", "openings", "descriptors", "buffers_out", "pipes_out"]

    /// Waits until the level `name` is `count`, or half a minute.
    func wait(until name: String, is count: Int) throws {
        for _ in 0..<3000 {
            if try status()[name] == count { return }
            usleep(10_000)
        }
    }

    /// Expects that its tables become empty, and that no descriptor stays open but those of spare
    /// pipes and `descriptors`, as many as were open before the first client.
    func expectEmpty(
        descriptors: Int? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var levels: [String: Int] = [:]
        var open: Int?
        for _ in 0..<300 {
            levels = try status()
            open = try descriptors.map { _ in
                try workerDescriptors - 2 * (levels["pipes_open"] ?? 0)
            }
            if Self.levels.allSatisfy({ levels[$0] == 0 }), open == descriptors { break }
            usleep(10000)
        }
        for level in Self.levels {
            #expect(levels[level] == 0, "\(level)", sourceLocation: sourceLocation)
        }
        #expect(open == descriptors, "open descriptors", sourceLocation: sourceLocation)
        #expect(levels["late_completions"] == 0, sourceLocation: sourceLocation)
        #expect(levels["failed_closes"] == 0, sourceLocation: sourceLocation)
    }
}

import Foundation
import Internet
import Testing

/// A culvert that serves, started as an operator starts it.
///
/// It listens on a free port of 127.0.0.1 and writes its journal where the test reads it.
final class Culvert: @unchecked Sendable {
    /// Flags for tests whose upstreams are on this machine.
    static let openFlags = ["--allow-port", "any", "--allow-private"]

    let process: Process
    /// Where it listens.
    let endpoint: Endpoint
    /// What it says to its operator.
    let notices: Lines
    /// Its journal, line by line.
    let journal: Lines
    private let ended = DispatchSemaphore(value: 0)

    /// The program under test: what `make build` has left, or what CULVERT names.
    static var program: String {
        get throws {
            let named = ProcessInfo.processInfo.environment["CULVERT"] ?? ".build/release/culvert"
            let path = URL(filePath: named).path
            try #require(
                FileManager.default.isExecutableFile(atPath: path),
                "there is no \(path): run 'make build' first"
            )
            return path
        }
    }

    /// Starts it with `flags`, within `namespace` if there is one, and returns when it serves.
    convenience init(
        _ flags: [String] = openFlags,
        listen: String = "127.0.0.1:0",
        in namespace: Namespace? = nil
    ) throws {
        let command = [try Self.program, "--listen", listen, "--journal", "-"] + flags
        try self.init(command: namespace?.command(command) ?? command)
    }

    /// Starts it by `command`, and returns when it serves.
    init(command: [String]) throws {
        let process = try Program.prepare(command[0], Array(command.dropFirst()))
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        let ended = ended
        process.terminationHandler = { _ in ended.signal() }
        try Program.start(process)
        self.process = process
        notices = Lines(errors.fileHandleForReading, name: "culvert's notices")
        journal = Lines(output.fileHandleForReading, name: "culvert's journal")
        do {
            _ = try notices.first { $0.contains("serving with") }
            let line = try notices.first { $0.contains("listening on ") }
            let text = line.components(separatedBy: "listening on ").last ?? ""
            endpoint = try #require(Endpoint(text))
        } catch {
            kill(-process.processIdentifier, SIGKILL)
            throw error
        }
    }

    deinit {
        // The whole group: what started it may stand between.
        if process.isRunning { kill(-process.processIdentifier, SIGKILL) }
        ended.wait()
    }

    /// Its address as clients take it in a URL.
    var url: String { "http://\(endpoint)" }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Ends it by `number`; its exit status.
    @discardableResult
    func stop(_ number: Int32 = SIGTERM) -> Int32 {
        signal(number)
        return waitForEnd()
    }

    /// The exit status, once it has ended.
    func waitForEnd() -> Int32 {
        if ended.wait(timeout: .now() + 60) == .timedOut {
            Issue.record("it doesn't end")
            kill(-process.processIdentifier, SIGKILL)
            ended.wait()
        }
        ended.signal()
        return process.terminationStatus
    }

    // MARK: The journal

    /// A record of the journal.
    typealias Record = [String: any Sendable]

    static func record(_ line: String) -> Record? {
        try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? Record
    }

    /// The first record from number `start` on of `event` that `isMeant`, as soon as it is there.
    func record(
        _ event: String,
        from start: Int = 0,
        where isMeant: (Record) -> Bool = { _ in true }
    ) throws -> Record {
        let line = try journal.first(from: start) { line in
            guard let record = Self.record(line), record["event"] as? String == event else {
                return false
            }
            return isMeant(record)
        }
        return try #require(Self.record(line))
    }

    /// The end record of the tunnel or request to `authority`, as soon as it is there.
    func end(of authority: String, from start: Int = 0) throws -> Record {
        try record("end", from: start) { $0["authority"] as? String == authority }
    }

    // MARK: Levels

    /// What stands in its tables at present: the sum over the workers of each number of the status
    /// lines.
    func status() throws -> [String: Int] {
        try workerStatus().reduce(into: [:]) { $0.merge($1) { $0 + $1 } }
    }

    /// The numbers of each worker's status line.
    func workerStatus() throws -> [[String: Int]] {
        let before = notices.all.count
        signal(SIGUSR1)
        var found: [[String: Int]] = []
        var workers = 1
        var lines = before
        while found.count < workers {
            let line = try notices.first(from: lines) { $0.contains(#""event":"status""#) }
            lines = (notices.all[lines...].firstIndex(of: line) ?? lines) + 1
            let record = try #require(Self.record(line))
            workers = record["workers"] as? Int ?? workers
            found.append(record.compactMapValues { $0 as? Int })
        }
        return found
    }
}

import Foundation
import Testing

/// Programs that tests drive: real clients and servers, as a user has them.
enum Program {
    /// What a program that has ended left behind.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// A program that ran for longer than it may.
    struct Overdue: Error, CustomStringConvertible {
        let description: String
    }

    /// The Python of Debian, which has its packages; another one may stand first in PATH.
    static let python = "/usr/bin/python3"

    /// The top of the repository.
    static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The load tool, which is built with the tests.
    static let loadTool = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "culvert-bench").path

    /// One of the scripts in Tests/Programs.
    static func script(_ name: String) -> String {
        repository.appending(path: "Tests/Programs/\(name)").path
    }

    /// What `name` prints, without the last line's end; it has to succeed.
    static func output(
        of name: String,
        _ arguments: [String],
        input: String? = nil,
        environment: [String: String] = [:]
    ) throws -> String {
        let outcome = try run(name, arguments, input: input, environment: environment)
        let line = ([name] + arguments).joined(separator: " ")
        try #require(outcome.status == 0, "\(line): \(outcome.errors)")
        return outcome.output.trimmingCharacters(in: .newlines)
    }

    /// Runs `name` from PATH to its end.
    ///
    /// What it prints goes through files, so that no amount of it can hold it up.
    static func run(
        _ name: String,
        _ arguments: [String],
        input: String? = nil,
        environment: [String: String] = [:],
        within seconds: Double = 120
    ) throws -> Outcome {
        let folder = try Folder()
        let process = try prepare(name, arguments, environment)
        let output = try folder.makeFile("output")
        let errors = try folder.makeFile("errors")
        defer { for file in [output, errors] { try? file.close() } }
        process.standardOutput = output
        process.standardError = errors
        if let input {
            try folder.write("input", Data(input.utf8))
            process.standardInput = try FileHandle(forReadingFrom: folder.url("input"))
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        try run(process, within: seconds)
        return Outcome(
            status: process.terminationStatus,
            output: try folder.text("output"),
            errors: try folder.text("errors")
        )
    }

    /// A process of `name` from PATH that has not been started; it will lead a group of its own.
    static func prepare(
        _ name: String,
        _ arguments: [String],
        _ environment: [String: String] = [:]
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        var inherited = ProcessInfo.processInfo.environment
        for key in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            inherited[key] = nil
            inherited[key.uppercased()] = nil
        }
        process.environment = inherited.merging(environment) { $1 }
        return process
    }

    /// Starts `process` with no signal blocked.
    ///
    /// The threads on which tests run block all signals, and a process would begin with the same.
    static func start(_ process: Process) throws {
        var none = sigset_t()
        var blocked = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, &blocked)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &blocked, nil) }
        try process.run()
    }

    private static func run(_ process: Process, within seconds: Double) throws {
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try start(process)
        guard ended.wait(timeout: .now() + seconds) == .timedOut else { return }
        kill(-process.processIdentifier, SIGKILL)
        ended.wait()
        let line = process.arguments?.joined(separator: " ") ?? ""
        throw Overdue(description: "'\(line)' ran for more than \(seconds) s")
    }
}

/// A folder of a test's own, which ends with it.
final class Folder {
    private let top: URL

    init() throws {
        top = FileManager.default.temporaryDirectory.appending(path: "culvert-\(UUID())")
        try FileManager.default.createDirectory(at: top, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: top)
    }

    func url(_ name: String) -> URL { top.appending(path: name) }

    func path(_ name: String) -> String { url(name).path(percentEncoded: false) }

    func makeFile(_ name: String) throws -> FileHandle {
        try write(name, Data())
        return try FileHandle(forWritingTo: url(name))
    }

    func write(_ name: String, _ data: Data) throws { try data.write(to: url(name)) }

    func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: url(name)), as: UTF8.self)
    }
}

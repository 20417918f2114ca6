import Foundation
import Testing

/// The program as its users run it.
enum Tool {
    struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    static var program: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "culvert-bench")
    }

    /// The command that runs the program.
    static func command(_ arguments: [String]) -> [String] { [program.path] + arguments }

    /// Runs the program to its end.
    ///
    /// What it prints goes through files, so that nothing that it prints can hold it up.
    static func run(_ arguments: [String], _ program: URL = program) throws -> Result {
        try run(arguments, program) { _ in }
    }

    /// Runs an echo without end, and interrupts it once messages have gone back and forth.
    ///
    /// They begin with the tunnel, and are counted from when all tunnels are known to be open.
    static func runUntilInterrupted(_ arguments: [String] = []) throws -> Result {
        let origin = FaultyProxy.echo(.none)
        defer { origin.stop() }
        let echo = [
            "echo", "--direct", "--origin", "\(origin.endpoint)", "--tunnels", "1", "--warmup", "0",
            "--duration", "1h",
        ]
        return try run(echo + arguments, interruptedAfter: 5000, at: origin)
    }

    /// Runs the program, and interrupts it when something has arrived `count` times at `proxy`.
    static func run(
        _ arguments: [String],
        interruptedAfter count: Int,
        at proxy: FaultyProxy
    ) throws -> Result {
        try run(arguments, after: count, at: proxy) { $0.interrupt() }
    }

    /// Runs the program, and does `body` with it when something has arrived `count` times at
    /// `proxy`.
    static func run(
        _ arguments: [String],
        after count: Int,
        at proxy: FaultyProxy,
        _ body: (Process) -> Void
    ) throws -> Result {
        try run(arguments, program) { process in
            for _ in 0..<count where proxy.arrivals.wait(timeout: .now() + 60) == .timedOut {
                Issue.record("nothing arrives")
            }
            body(process)
        }
    }

    private static func run(
        _ arguments: [String],
        _ program: URL,
        _ meanwhile: (Process) -> Void
    ) throws -> Result {
        let folder = try Scratch()
        let files = ["output", "errors"].map { folder.file($0) }
        for file in files { try Data().write(to: file) }
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        meanwhile(process)
        if ended.wait(timeout: .now() + 60) == .timedOut {
            Issue.record("\(arguments) ran for more than a minute")
            kill(process.processIdentifier, SIGKILL)
            ended.wait()
        }
        return Result(
            status: process.terminationStatus,
            output: String(decoding: try Data(contentsOf: files[0]), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self)
        )
    }
}

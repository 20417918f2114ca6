import Foundation

/// A server program that runs beside a test for as long as the test holds it.
final class Daemon {
    let process: Process
    /// What it prints, on either stream.
    let lines: Lines
    private let ended = DispatchSemaphore(value: 0)

    /// Starts `command`, and returns as soon as it has printed a line that `isReady`.
    init(_ command: [String], until isReady: (String) -> Bool) throws {
        let process = try Program.prepare(command[0], Array(command.dropFirst()))
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        let ended = ended
        process.terminationHandler = { _ in ended.signal() }
        try Program.start(process)
        self.process = process
        lines = Lines(output.fileHandleForReading, name: command.joined(separator: " "))
        _ = try lines.first(where: isReady)
    }

    deinit {
        kill(-process.processIdentifier, SIGKILL)
        ended.wait()
    }
}

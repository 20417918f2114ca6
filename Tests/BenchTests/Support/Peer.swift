import Foundation

/// A program that a test talks with by its standard input and output; errors go to the output too.
final class Peer {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// Starts `command`, which is looked for in PATH.
    init(_ command: [String]) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
    }

    /// The number of its process.
    var number: Int32 { process.processIdentifier }

    /// The next line that it prints; nil at the end.
    func readLine() -> String? {
        var bytes = Data()
        while let byte = try? output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
            if byte == Data([10]) { return String(decoding: bytes, as: UTF8.self) }
            bytes += byte
        }
        return nil
    }

    /// All that it prints until it ends.
    func readAll() -> String {
        let bytes = try? output.fileHandleForReading.readToEnd()
        return String(decoding: bytes ?? Data(), as: UTF8.self)
    }

    func write(_ text: String) { input.fileHandleForWriting.write(Data(text.utf8)) }

    /// Asks it to stop, as Ctrl-C does.
    func interrupt() { process.interrupt() }

    /// Waits until it has ended; its exit status.
    func waitForEnd() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Ends it.
    func end() {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }
}

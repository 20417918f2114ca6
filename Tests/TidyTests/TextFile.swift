import Foundation

/// A tracked file as the checks see it.
struct TextFile: Sendable {
    /// Path from the top of the repository.
    let path: String
    /// The lines, without their ends.
    let lines: [String]
    /// The same lines of Swift without comments and without what strings hold.
    let code: [String]

    init(_ path: String, _ text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = TextFile.withoutWords(lines)
    }

    var isSwift: Bool { path.hasSuffix(".swift") }

    /// Whether the style of programs applies: not to prose, and not to data.
    var isProgram: Bool {
        [".swift", ".h", ".c", ".sh", ".py", ".modulemap"].contains { path.hasSuffix($0) }
            || ["Makefile", ".ci/run"].contains(path)
    }

    /// The module that a file under Sources or Benchmarks belongs to.
    var module: String? {
        let parts = path.split(separator: "/")
        let isOurs = parts.count > 2 && ["Sources", "Benchmarks"].contains(parts[0])
        return isOurs ? String(parts[1]) : nil
    }

    private static func withoutWords(_ lines: [String]) -> [String] {
        var isInString = false
        return lines.map { line in
            let quotes = line.components(separatedBy: "\"\"\"").count - 1
            defer { if quotes % 2 == 1 { isInString.toggle() } }
            if isInString || quotes > 0 { return "" }
            guard line.contains("\"") || line.contains("//") else { return line }
            return
                line
                .replacing(#/"(\\.|[^"\\])*"/#, with: "\"\"")
                .replacing(#/\/\/.*$/#, with: "")
        }
    }
}

/// What is tracked here.
enum Repository {
    /// The top of the repository.
    static let top = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The paths of all tracked files that are there.
    static func paths() throws -> [String] {
        let git = ["git", "-c", "safe.directory=*", "-C", top.path, "ls-files", "-z"]
        return try run(URL(filePath: "/usr/bin/env"), git).split(separator: "\0").map(String.init)
            .filter { FileManager.default.fileExists(atPath: top.appending(path: $0).path) }
    }

    /// All tracked files that are text.
    static func files() throws -> [TextFile] {
        try paths().compactMap { path in
            guard let data = try? Data(contentsOf: top.appending(path: path)),
                let text = String(data: data, encoding: .utf8)
            else { return nil }
            return TextFile(path, text)
        }
    }

    /// What `program` prints.
    static func run(_ program: URL, _ arguments: [String]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = program
        process.arguments = arguments
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
        return String(decoding: data, as: UTF8.self)
    }

    /// The load tool that was built beside these tests.
    static func loadTool() -> URL { beside("culvert-bench") }

    /// The program under test: $CULVERT_BINARY, or the one built beside these tests.
    static func program() -> URL {
        if let path = ProcessInfo.processInfo.environment["CULVERT_BINARY"] {
            return URL(filePath: path)
        }
        return beside("culvert")
    }

    private static func beside(_ name: String) -> URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: name)
    }
}

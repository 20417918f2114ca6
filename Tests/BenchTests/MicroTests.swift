import Foundation
import Testing

/// What the pieces of the hot path allocate, as the tool for them tells it.
@Suite struct MicroTests {
    private static var program: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "culvert-micro")
    }

    /// A line of the tool's.
    private struct Line {
        let name: String
        let nanoseconds: Double
        let allocations: Double
    }

    private func measure(_ arguments: [String] = []) throws -> [Line] {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = Self.program
        process.arguments = ["--count", "1000"] + arguments
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try String(decoding: output, as: UTF8.self).split(separator: "\n").map { line in
            let cells = line.split(separator: "\t")
            try #require(cells.count == 4)
            return Line(
                name: String(cells[0]),
                nanoseconds: try #require(Double(cells[1])),
                allocations: try #require(Double(cells[2]))
            )
        }
    }

    @Test func `no piece of the hot path allocates`() throws {
        let lines = try measure().filter { $0.name != "control" }
        #expect(lines.count == 13)
        for line in lines {
            #expect(line.allocations == 0, "\(line.name): \(line.allocations) allocations")
            #expect(line.nanoseconds > 0)
        }
    }

    @Test func `a decision hardly depends on the number of rules`() throws {
        let lines = try ["decide-1000", "decide-100000"].flatMap { try measure(["--only", $0]) }
        try #require(lines.map(\.name) == ["decide-1000", "decide-100000"])
        #expect(lines[1].nanoseconds < 10 * lines[0].nanoseconds)
    }

    @Test func `an allocation is seen`() throws {
        let lines = try measure(["--only", "control"])
        #expect(lines.map(\.name) == ["control"])
        #expect(lines.map(\.allocations) == [1])
    }
}

import Foundation
import Testing

/// The client in Python, which was written from the document alone, against the state machines
/// here.
@Suite(.serialized) struct InteroperationTests {
    private static let program = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Programs/method_tunnel.py")

    /// Runs the client on `input`; returns its output, its status and what it said besides.
    private static func run(
        _ server: TunnelServer,
        _ authority: String,
        _ options: [String],
        input: Data
    ) throws -> (output: Data, status: Int32, error: String) {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "method-tunnel-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["in", "out", "err"].map { folder.appending(path: $0) }
        try input.write(to: files[0])
        for file in files.dropFirst() { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let url = "http://127.0.0.1:\(server.port)/tunnel"
        process.arguments = ["python3", program.path, url, authority] + options
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        let deadline = Date(timeIntervalSinceNow: 60)
        while process.isRunning, Date() < deadline { server.turn() }
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        let error = String(decoding: try Data(contentsOf: files[2]), as: UTF8.self)
        return (try Data(contentsOf: files[1]), process.terminationStatus, error)
    }

    private static func input(_ count: Int) -> Data {
        Data((0..<count).map { payloadByte(1, $0) })
    }

    @Test(
        arguments: [
            ([], 0, 300_000), (["--poll"], 0, 300_000), (["--poll", "--override"], 0, 100_000),
            ([], 100, 100_000), (["--poll"], 100, 100_000), ([], 0, 0),
        ] as [([String], Int, Int)]
    )
    func `an echo comes back byte for byte, whatever fails`(
        _ options: [String],
        _ faults: Int,
        _ count: Int
    ) throws {
        let server = try TunnelServer(TunnelService(seed: Seeds.base, faults: faults))
        let input = Self.input(count)
        let result = try Self.run(server, "echo.example:7", options, input: input)
        #expect(result.status == 0, "\(result.error)")
        #expect(result.output == input, "\(result.output.count) bytes instead of \(input.count)")
        #expect(server.service.hasQuit)
        let all: Set<String> = ["POST", "GET", "PUT", "DELETE"]
        #expect(server.service.methods == (options.contains("--override") ? ["POST"] : all))
    }

    @Test func `a refusal is told with its status and word`() throws {
        let server = try TunnelServer(TunnelService(seed: 1, faults: 0))
        let result = try Self.run(server, "echo.example:8", [], input: Data())
        #expect(result.status == 1)
        #expect(result.error.contains("refused: 403 http_request_denied"))
    }
}

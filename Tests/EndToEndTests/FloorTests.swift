import Foundation
import Testing

extension EndToEndTests {
    /// The program in C that others are measured against.
    @Suite struct Floor {
        private static let program = URL(filePath: Program.loadTool)
            .deletingLastPathComponent().appending(path: "floor-proxy").path

        @Test(arguments: [[], ["4096"], ["1048576", "poll"]])
        func `it delivers every byte and every end, or its figures would mean nothing`(
            words: [String]
        ) throws {
            let port = try Origin.freePort()
            let floor = try Daemon([Self.program, "\(port)"] + words) { $0 == "ready" }
            let proxy = ["--proxy", "127.0.0.1:\(port)"]
            for scenario in ["verify --tunnels 200", "bulk --tunnels 8 --duration 1s"] {
                let arguments = scenario.split(separator: " ").map(String.init) + proxy
                let tool = try Program.run(Program.loadTool, arguments)
                #expect(tool.status == 0, "\(tool.output)\(tool.errors)")
            }
            #expect(floor.process.isRunning)
        }

        @Test(arguments: [[], ["0"], ["1", "0"], ["1", "1048577"], ["1", "1", "epoll"]])
        func `faulty words are refused`(words: [String]) throws {
            let outcome = try Program.run(Self.program, words)
            #expect(outcome.status == 64)
            #expect(outcome.errors.hasPrefix("usage: floor-proxy PORT"))
        }
    }
}

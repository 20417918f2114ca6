import Foundation
import Testing

extension AloneTests {
    /// What a tunnel may take of the system: `Benchmarks/budget.json`.
    ///
    /// None of it depends on how quick the machine is, or on what else runs there.
    @Suite struct Budgets {
        /// The parts of the file that are measured on the whole program.
        private struct Budget: Decodable {
            let systemCalls: [String: Double]
            let bytes: [String: Double]

            static func read() throws -> Budget {
                try decode(Program.repository.appending(path: "Benchmarks/budget.json"))
            }
        }

        /// The part of the load tool's figures that is looked at.
        private struct Figures: Decodable {
            struct Reading: Decodable {
                let processResidentBytes: Double
            }

            struct Stretch: Decodable {
                let name: String
                let before: Reading
                let after: Reading
            }

            let stretches: [Stretch]

            func stretch(_ name: String) throws -> Stretch {
                try #require(stretches.first { $0.name == name })
            }
        }

        private static func decode<Value: Decodable>(_ file: URL) throws -> Value {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(Value.self, from: Data(contentsOf: file))
        }

        private static let workers = ["--workers", "1"]

        /// One exchange at a time, so that no other shares what it asks of the kernel.
        private static func exchange(_ text: String, over tunnel: Stream) throws {
            try tunnel.send(text)
            #expect(try tunnel.receive(exactly: text.utf8.count) == Array(text.utf8))
        }

        private static func expect(_ count: Double, within limit: Double?, _ what: String) throws {
            let limit = try #require(limit)
            #expect(count <= limit, "\(what) takes \(count), and may take \(limit)")
            #expect(count > 0.8 * limit, "\(what) takes \(count): lower its budget, \(limit)")
        }

        @Test func `a tunnel that is opened and closed keeps to its system calls`() throws {
            // Another congestion control than the system's would take a call more.
            let flags = Self.workers + ["--congestion", "system"]
            let culvert = try Culvert(Culvert.openFlags + flags)
            let origin = try Origin.echo()
            let count = 500
            let open: () throws -> Void = {
                let tunnel = try Stream.tunnel(culvert, to: origin.authority)
                try Self.exchange("there and back", over: tunnel)
                try tunnel.finish()
                _ = try tunnel.receiveToEnd()
                tunnel.close()
            }
            // The first ones make what is kept.
            for _ in 0..<8 { try open() }
            let calls = try SystemCalls(of: culvert) { for _ in 0..<count { try open() } }
            let each = Double(calls.total) / Double(count)
            try Self.expect(each, within: Budget.read().systemCalls["tunnel"], "a tunnel")
        }

        @Test func `a message there and back keeps to its system calls`() throws {
            let culvert = try Culvert(Culvert.openFlags + Self.workers)
            let origin = try Origin.echo()
            let tunnel = try Stream.tunnel(culvert, to: origin.authority)
            try Self.exchange("the first", over: tunnel)
            let count = 2000
            let calls = try SystemCalls(of: culvert) {
                for number in 0..<count { try Self.exchange("message \(number)", over: tunnel) }
            }
            let each = Double(calls.total) / Double(count)
            try Self.expect(each, within: Budget.read().systemCalls["message"], "a message")
            tunnel.close()
        }

        /// Without a journal, which has memory of its own for what it will tell.
        @Test func `a parked tunnel keeps to its bytes`() throws {
            let listen = ["--listen", "127.0.0.1:0"]
            let parking = ["--park-after", "1s"]
            let culvert = try Culvert(
                command: [try Culvert.program] + listen + Culvert.openFlags + Self.workers + parking
            )
            let folder = try Folder()
            let outcome = try Program.run(
                Program.loadTool,
                [
                    "hold", "--proxy", "\(culvert.endpoint)", "--tunnels", "9000",
                    "--duration", "4s", "--json", folder.path("figures"),
                    "--pid", "\(culvert.process.processIdentifier)",
                ]
            )
            try #require(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
            let figures: Figures = try Self.decode(folder.url("figures"))
            let full = try figures.stretch("hold").after.processResidentBytes
            let empty = try figures.stretch("open").before.processResidentBytes
            let each = (full - empty) / 9000
            try Self.expect(each, within: Budget.read().bytes["parked-tunnel"], "a parked tunnel")
        }
    }
}

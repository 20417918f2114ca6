import Foundation
import Kernel
import Testing

extension AloneTests {
    /// Tunnels that stay are spread evenly over the workers.
    @Suite struct Balance {
        private static let count = 800

        /// Opens tunnels to `origin`.
        private func open(_ culvert: Culvert, to origin: Origin) throws -> [(Stream, Stream)] {
            try (0..<Self.count).map { _ in
                try (Stream.tunnel(culvert, to: origin.authority), origin.accept())
            }
        }

        /// The worker of each client so far.
        private func workers(_ culvert: Culvert) throws -> [String: Int] {
            var workers: [String: Int] = [:]
            for index in 0..<Self.count {
                let record = try culvert.record("open", from: index)
                workers[try #require(record["client"] as? String)] = record["worker"] as? Int
            }
            return workers
        }

        /// Opens tunnels to `origin`, and ends all but those of one worker.
        private func openPile(_ culvert: Culvert, to origin: Origin) throws -> [(Stream, Stream)] {
            var tunnels = try open(culvert, to: origin)
            let workers = try workers(culvert)
            tunnels.removeAll { client, _ in
                workers["127.0.0.1:\(SocketName.port(of: client.descriptor))"] != 1
            }
            try culvert.wait(until: "tunnels", is: tunnels.count)
            return tunnels
        }

        /// Has all tunnels carry a message.
        private func use(_ tunnels: [(Stream, Stream)]) throws {
            for (client, upstream) in tunnels {
                try client.send("there")
                #expect(try upstream.receive(exactly: 5) == Array("there".utf8))
            }
        }

        /// The share of the worker that has most of the tunnels: 1 is an even share.
        private func busiest(_ culvert: Culvert, _ tunnels: [(Stream, Stream)]) throws -> Double {
            let levels = try culvert.workerStatus().map { $0["tunnels"] ?? 0 }
            return Double(levels.max() ?? 0) / (Double(tunnels.count) / 2)
        }

        /// The share of the worker that has most tunnels, when one worker has lost all it had and
        /// as many as there were at first have come anew.
        private func busiest(_ flags: [String]) throws -> Double {
            let culvert = try Culvert(Culvert.openFlags + ["--workers", "2"] + flags)
            let origin = try Origin()
            var tunnels = try openPile(culvert, to: origin)
            tunnels += try open(culvert, to: origin)
            let share = try busiest(culvert, tunnels)
            try use(tunnels)
            tunnels = []
            try culvert.expectEmpty()
            #expect(culvert.stop() == 0)
            return share
        }

        @Test func `no worker has many more tunnels than another`() throws {
            #expect(try busiest([]) < 1.1)
        }

        @Test func `those that have piled up on a worker are shared while they are in use`() throws
        {
            let culvert = try Culvert(Culvert.openFlags + ["--workers", "2"])
            let origin = try Origin()
            let tunnels = try openPile(culvert, to: origin)
            #expect(try busiest(culvert, tunnels) == 2)
            // From the CPU of the worker that has them, they don't go home to another.
            try Crew.run([
                {
                    try Kernel.Thread.pin(to: 1)
                    let end = Date() + 30
                    while try busiest(culvert, tunnels) > 1.1, Date() < end {
                        for _ in 0..<10 { try use(tunnels) }
                    }
                }
            ])
            #expect(try busiest(culvert, tunnels) <= 1.1)
            for (client, upstream) in tunnels {
                client.close()
                upstream.close()
            }
            try culvert.expectEmpty()
            #expect(culvert.stop() == 0)
        }

        @Test func `without balance tunnels stay where the kernel put them`() throws {
            #expect(try busiest(["--no-balance"]) > 1.1)
        }
    }
}

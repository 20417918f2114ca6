import Foundation
import Testing

extension AloneTests {
    /// Tunnels that stay are spread evenly over the workers.
    @Suite struct Balance {
        private static let count = 400

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

        /// The share of the busiest worker, when one worker has lost all its tunnels and as many as
        /// there were at first have come anew: 1 is an even share.
        private func busiest(_ flags: [String]) throws -> Double {
            let culvert = try Culvert(Culvert.openFlags + ["--workers", "2"] + flags)
            let origin = try Origin()
            var tunnels = try open(culvert, to: origin)
            let workers = try workers(culvert)
            tunnels.removeAll { client, _ in
                workers["127.0.0.1:\(SocketName.port(of: client.descriptor))"] != 1
            }
            let kept = tunnels.count
            try culvert.wait(until: "tunnels", is: kept)
            tunnels += try open(culvert, to: origin)
            let levels = try culvert.workerStatus().map { $0["tunnels"] ?? 0 }
            #expect(levels.reduce(0, +) == tunnels.count)
            for (client, upstream) in tunnels {
                try client.send("there")
                #expect(try upstream.receive(exactly: 5) == Array("there".utf8))
            }
            let most = levels.max() ?? 0
            tunnels = []
            try culvert.expectEmpty()
            #expect(culvert.stop() == 0)
            return Double(most) / (Double(kept + Self.count) / 2)
        }

        @Test func `no worker has many more tunnels than another`() throws {
            #expect(try busiest([]) < 1.1)
        }

        @Test func `without balance tunnels stay where the kernel put them`() throws {
            #expect(try busiest(["--no-balance"]) > 1.1)
        }
    }
}

import Foundation
import Testing

extension EndToEndTests {
    /// Clients that go before their tunnel is established.
    @Suite struct Openings {
        private static let requests = [
            "", "\r\n", "CONNECT a", "CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n",
        ]

        /// Expects that the one who left has been told of so, and that nothing is left.
        private func expectLeft(_ culvert: Culvert, _ reasons: [String], from start: Int) throws {
            let end = try culvert.record("end", from: start)
            #expect(reasons.contains(end["reason"] as? String ?? ""), "\(end)")
            #expect(end["ended_by"] as? String == "client")
            #expect(end["status"] as? Int == 0)
            #expect(end["authority"] is NSNull)
            #expect(end["bytes_out"] as? Int == 0)
            try culvert.expectEmpty()
        }

        @Test func `a FIN before the head has ended is the end`() throws {
            let culvert = try Culvert(Culvert.openFlags)
            for (number, request) in Self.requests.enumerated() {
                let stream = try Stream(to: culvert.endpoint)
                try stream.send(request)
                try stream.finish()
                let (bytes, end) = try stream.receiveToEnd()
                #expect(bytes.isEmpty && end == .fin)
                try expectLeft(culvert, ["client_left"], from: number)
            }
        }

        @Test func `a reset before the head has ended is the end`() throws {
            let culvert = try Culvert(Culvert.openFlags + ["--workers", "1"])
            for (number, request) in Self.requests.enumerated() {
                let stream = try Stream(to: culvert.endpoint)
                try stream.send(request)
                try culvert.handleAll()
                stream.reset()
                // The request that made sure of that has a record as well.
                try expectLeft(culvert, ["reset"], from: 2 * number + 1)
            }
        }
    }
}

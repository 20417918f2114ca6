import Foundation
import Testing

extension EndToEndTests {
    /// The client on networks that let only small requests through.
    @Suite struct ClientUplinks {
        /// A proxy before `server` that passes on `limit` bytes of a body, then cuts, and says
        /// nothing of it.
        private func cuttingProxy(before server: Culvert, after limit: Int) throws -> Origin {
            let endpoint = server.endpoint
            return try Origin { client in
                var reader = MessageReader(client)
                while let head = try reader.head() {
                    let body = try reader.body()
                    let far = try Stream(to: endpoint)
                    try far.send(Array(head.utf8) + body.prefix(limit))
                    guard body.count <= limit else {
                        try far.finish()
                        _ = try far.receive(1)
                        return client.reset()
                    }
                    var answer = MessageReader(far)
                    try client.send(Array(try #require(try answer.head()).utf8))
                    while let piece = try answer.piece() { try client.send(piece) }
                }
            }
        }

        @Test func `bodies that are cut get through in parts`() throws {
            let server = try Culvert(MethodTunnels.flags)
            let proxy = try cuttingProxy(before: server, after: 16384)
            let client = try Culvert.client("http://\(proxy.authority)/tunnel")
            let origin = try Origin()
            let near = try Stream.tunnel(client, to: origin.authority)
            let far = try origin.accept()
            let count = 2 << 20
            try Crew.run([
                { try near.send(.outbound, 0..<count) },
                { try far.receive(.outbound, 0..<count) },
            ])
            try near.finish()
            #expect(try far.receiveToEnd().end == .fin)
            far.close()
            #expect(try near.receiveToEnd().end == .fin)
            #expect(client.stop() == 0)
        }
    }
}

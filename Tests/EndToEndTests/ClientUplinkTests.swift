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
                    try answer.passMessage(to: client)
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

        @Test func `openings whose answers don't come leave connections to the lanes`() throws {
            let server = try Culvert(MethodTunnels.flags)
            let endpoint = server.endpoint
            // The server hears of openings, but what it answers is lost.
            let proxy = try Origin.middle(before: endpoint) { head in
                guard head.contains("/open/"), !head.contains("/open/4096?") else { return true }
                return false
            } losing: { request in
                let far = try Stream(to: endpoint)
                try far.send(request)
                _ = try far.receive()
            }
            let client = try Culvert.client("http://\(proxy.authority)/tunnel")
            let origin = try Origin { stream in
                try stream.send("hello")
                while true {
                    let bytes = try stream.receive()
                    guard !bytes.isEmpty else { return }
                    try stream.send(bytes)
                }
            }
            let stream = try Stream.tunnel(client, to: origin.authority)
            #expect(try stream.receive(exactly: 5) == Array("hello".utf8))
            let others = try (0..<60).map { _ in
                try Stream.asking(client, for: origin.authority)
            }
            // By the bytes that come of it, a stream is known to be open.
            let head = try others[0].receiveHead()
            #expect(head.hasPrefix("HTTP/1.1 200 "))
            Thread.sleep(forTimeInterval: 1)
            stream.setPatience(seconds: 10)
            for _ in 0..<5 {
                try stream.send([1])
                #expect(try stream.receive(exactly: 1) == [1])
            }
            // Those that wait need not be waited for.
            client.signal(SIGTERM)
            #expect(client.stop(SIGINT) == 0)
        }
    }
}

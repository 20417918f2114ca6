import Foundation
import Testing

extension EndToEndTests {
    /// Drains of the client of the tunnel without CONNECT, and of its server, while bytes are on
    /// their way.
    @Suite struct ClientDrains {
        private static let count = 300_000

        /// A program sends and leaves, the target having ended before; then the client is to end.
        private func leave(_ client: Culvert, _ origin: Origin) throws -> Stream {
            let near = try Stream.tunnel(client, to: origin.authority)
            let far = try origin.accept()
            try far.finish()
            #expect(try near.receive(1) == [])
            try near.send(.outbound, 0..<Self.count)
            try near.finish()
            let end = try client.end(of: origin.authority)
            #expect(end["reason"] as? String == "closed")
            client.signal(SIGTERM)
            return far
        }

        @Test func `what a program has sent arrives though the client ends`() throws {
            let origin = try Origin()
            let server = try Culvert(MethodTunnels.flags)
            let middle = try Origin.middle(before: server.endpoint) { head in
                if head.hasPrefix("PUT ") { Thread.sleep(forTimeInterval: 1) }
                return true
            }
            let client = try Culvert.client("http://\(middle.authority)/tunnel")
            let far = try leave(client, origin)
            let (received, end) = try far.receiveToEnd(.outbound)
            #expect(received == Self.count && end == .fin)
            #expect(client.waitForEnd() == 0)
        }

        @Test func `a target that is slow to read gets all though the client ends`() throws {
            let origin = try Origin()
            // So little is under way behind the server that the rest waits in it.
            let server = try Culvert(MethodTunnels.flags + ["--send-buffer", "8192"])
            let client = try Culvert.client("\(server.url)/tunnel")
            let far = try leave(client, origin)
            Thread.sleep(forTimeInterval: 1)
            let (received, end) = try far.receiveToEnd(.outbound)
            #expect(received == Self.count && end == .fin)
            #expect(client.waitForEnd() == 0)
        }
    }
}

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

        @Test func `a program that is slow to read gets all though the server ends`() throws {
            let origin = try Origin()
            let server = try Culvert(MethodTunnels.flags)
            // So little is under way before the client that the rest waits in it.
            let client = try Culvert.client("\(server.url)/tunnel", ["--send-buffer", "8192"])
            let near = try Stream.tunnel(client, to: origin.authority, receiveBuffer: 8192)
            let far = try origin.accept()
            try far.send(.inbound, 0..<Self.count)
            // Another stream is busy, so that the session goes on.
            let echo = try Origin.echo()
            let busy = try Stream.tunnel(client, to: echo.authority)
            server.signal(SIGTERM)
            for _ in 0..<300 where !server.journal.all.contains(where: { $0.contains("drained") }) {
                try busy.send([1])
                #expect(try busy.receive(exactly: 1) == [1])
                usleep(50_000)
            }
            let (received, end) = try near.receiveToEnd(.inbound)
            #expect(received == Self.count && end == .fin)
            #expect(try client.end(of: origin.authority)["reason"] as? String == "drained")
            busy.close()
            #expect(server.waitForEnd() == 0)
            client.stop(SIGINT)
        }

        @Test func `whoever is cut off amid a stream can tell`() throws {
            let origin = try Origin()
            let server = try Culvert(MethodTunnels.flags + ["--max-lifetime", "1s"])
            let client = try Culvert.client("\(server.url)/tunnel")
            let near = try Stream.tunnel(client, to: origin.authority)
            let far = try origin.accept()
            Thread.detachNewThread { try? far.send(.inbound, 0..<1 << 40) }
            let (count, end) = try near.receiveToEnd(.inbound)
            #expect(count > 0 && end == .reset)
            #expect(try server.end(of: origin.authority)["reason"] as? String == "lifetime")
            client.stop(SIGINT)
        }

        @Test func `a stream whose client has not got all is not idle in a drain`() throws {
            let culvert = try MethodTunnels.start("--workers", "1")
            let origin = try Origin()
            let session = try MethodSession(culvert)
            try session.make()
            #expect(try session.open(4096, origin.authority).result == 0)
            let far = try origin.accept()
            let lane = try Stream(to: culvert.endpoint)
            try far.send("last")
            try lane.send(session.request("GET", "-/poll/0/0/20/10000"))
            let data = MethodSession.Frame(.data, stream: 4096, payload: Array("last".utf8))
            #expect(try MethodSession.reply(on: lane).rest == data.bytes)
            culvert.signal(SIGTERM)
            Thread.sleep(forTimeInterval: 2.5)
            // That answer was lost, as it were.
            try lane.send(session.request("GET", "-/poll/0/0/20/10000"))
            let again = MethodSession.Frame.all(in: try MethodSession.reply(on: lane).rest)
            #expect(again == [data, MethodSession.Frame(.drain)])
            try lane.send(session.request("GET", "-/poll/0/36/20/10000"))
            let rest = MethodSession.Frame.all(in: try MethodSession.reply(on: lane).rest)
            let code = rest.first { $0.kind == MethodSession.Frame.Kind.reset.rawValue }?.code
            #expect(code == 5, "it is drained")
        }
    }
}

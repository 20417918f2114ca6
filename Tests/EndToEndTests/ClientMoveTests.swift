import Foundation
import Glibc
import Internet
import Synchronization
import Testing

extension EndToEndTests {
    /// The client on its way from one network into another that lets other things through.
    @Suite struct ClientMoves {
        /// A network before a server, with the same address before and after a move.
        private final class Network: Sendable {
            private struct State {
                var origin: Origin?
                var streams: [Stream] = []
            }

            let port: UInt16
            private let server: Endpoint
            private let state = Mutex(State())

            init(before server: Endpoint) throws {
                self.server = server
                port = try Origin.freePort()
            }

            /// Lets requests through, without the field that names the session if it `drops` that.
            func open(drops: Bool = false) throws {
                let origin = try Origin(port: port) { [self] stream in
                    state.withLock { $0.streams.append(stream) }
                    try carry(stream, drops: drops)
                }
                state.withLock { $0.origin = origin }
            }

            private func carry(_ client: Stream, drops: Bool) throws {
                var reader = MessageReader(client)
                while var head = try reader.head() {
                    let body = try reader.body()
                    if drops { head.replace(#/Tunnel-Session: [^\r]*\r\n/#, with: "") }
                    let far = try Stream(to: server)
                    try far.send(Array(head.utf8) + body)
                    var answer = MessageReader(far)
                    try answer.passMessage(to: client)
                }
            }

            /// Breaks all connections, and takes no more.
            func leave() {
                let streams = state.withLock { state in
                    state.origin = nil
                    defer { state.streams = [] }
                    return state.streams
                }
                for stream in streams { shutdown(stream.descriptor, Int32(SHUT_RDWR)) }
            }
        }

        @Test func `a session goes on where the field that names it is dropped`() throws {
            let server = try Culvert(MethodTunnels.flags)
            let network = try Network(before: server.endpoint)
            try network.open()
            let client = try Culvert.client("http://127.0.0.1:\(network.port)/tunnel")
            let origin = try Origin.echo()
            let stream = try Stream.tunnel(client, to: origin.authority, early: [1])
            #expect(try stream.receive(exactly: 1) == [1])
            network.leave()
            _ = try client.record("failing")
            try network.open(drops: true)
            try stream.send([2])
            #expect(try stream.receive(exactly: 1) == [2])
            try stream.finish()
            #expect(try stream.receiveToEnd().end == .fin)
            #expect(!client.journal.all.contains { $0.contains("session_lost") })
            #expect(client.stop() == 0)
        }
    }
}

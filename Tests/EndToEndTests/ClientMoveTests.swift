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

        @Test func `on another network its name servers are asked where the server is`() throws {
            let here = Endpoint(Address(v4: 0x7f00_0035), port: 53)
            let there = Endpoint(Address(v4: 0x7f00_0036), port: 53)
            let namespace = try Namespace(resolvConf: "nameserver \(here.address)\n")
            let (inner, outer) = try namespace.inside {
                (
                    try NameServer(at: here) { _ in .addresses(["127.0.0.5"], ttl: 600) },
                    try NameServer(at: there) { _ in .addresses(["127.0.0.6"], ttl: 600) }
                )
            }
            let first = try Culvert(MethodTunnels.flags, listen: "127.0.0.5:80", in: namespace)
            let flags = ["--hosts-file", "off"]
            let client = try Culvert.client("http://far.test/tunnel", flags, in: namespace)
            try expectEcho(through: client, in: namespace)
            #expect(outer.questions.isEmpty)
            let second = try Culvert(MethodTunnels.flags, listen: "127.0.0.6:80", in: namespace)
            try namespace.run(
                ["sh", "-c", "echo nameserver \(there.address) >/etc/resolv.conf"]
            )
            first.signal(SIGKILL)
            _ = try client.record("session_lost")
            try expectEcho(through: client, in: namespace)
            #expect(try second.status()["opened"] == 1)
            #expect(!inner.questions.isEmpty)
        }

        @Test func `SIGHUP reads the hosts file again`() throws {
            let folder = try Folder()
            try folder.write("hosts", Data("127.0.0.5 far.test\n".utf8))
            let namespace = try Namespace()
            let first = try Culvert(MethodTunnels.flags, listen: "127.0.0.5:80", in: namespace)
            let flags = ["--hosts-file", folder.path("hosts")]
            let client = try Culvert.client("http://far.test/tunnel", flags, in: namespace)
            try expectEcho(through: client, in: namespace)
            let second = try Culvert(MethodTunnels.flags, listen: "127.0.0.6:80", in: namespace)
            try folder.write("hosts", Data("127.0.0.6 far.test\n".utf8))
            client.signal(SIGHUP)
            _ = try client.notices.first { $0.contains("hosts and name servers read again") }
            first.signal(SIGKILL)
            try expectEcho(through: client, in: namespace)
            #expect(try second.status()["opened"] == 1)
            try folder.write("hosts", Data(count: 1))
            #expect(unsafe Glibc.unlink(folder.path("hosts")) == 0)
            client.signal(SIGHUP)
            _ = try client.notices.first { $0.contains("names are found as before") }
            try expectEcho(through: client, in: namespace)
        }

        private func expectEcho(through client: Culvert, in namespace: Namespace) throws {
            try namespace.inside {
                let origin = try Origin()
                let stream = try Stream.tunnel(client, to: origin.authority, early: [7])
                let far = try origin.accept()
                #expect(try far.receive(exactly: 1) == [7])
                try far.send([8])
                #expect(try stream.receive(exactly: 1) == [8])
            }
        }
    }
}

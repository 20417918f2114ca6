import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Both ends of the tunnel without CONNECT, while the client is away or comes from elsewhere.
    @Suite struct BothEndsAway {
        /// How long a client is stopped that comes back in time.
        private static var sleepSeconds: Double {
            ProcessInfo.processInfo.environment["CULVERT_SLEEP_SECONDS"].flatMap { Double($0) }
                ?? 16
        }

        /// A client that is stopped in the midst of streams each way goes on with each.
        private func sleep() throws {
            let server = try Culvert(MethodTunnels.flags)
            let client = try Culvert.client("\(server.url)/tunnel")
            let origin = try Origin()
            let count = 8 << 20
            let streams = try (0..<3).map { _ in
                let near = try Stream.tunnel(client, to: origin.authority)
                let far = try origin.accept()
                for end in [near, far] { end.setPatience(seconds: Int(Self.sleepSeconds) + 60) }
                return (near, far)
            }
            let carried = streams.flatMap { near, far -> [@Sendable () throws -> Void] in
                [
                    { try near.send(.outbound, 0..<count) },
                    { try far.receive(.outbound, 0..<count) },
                    { try far.send(.inbound, 0..<count) },
                    { try near.receive(.inbound, 0..<count) },
                ]
            }
            let stop: @Sendable () throws -> Void = {
                _ = try server.record("open")
                client.signal(SIGSTOP)
                Thread.sleep(forTimeInterval: Self.sleepSeconds)
                client.signal(SIGCONT)
            }
            try Crew.run(carried + [stop])
            _ = try client.record("awake")
            for (near, far) in streams {
                try near.finish()
                #expect(try far.receiveToEnd().end == .fin)
                try far.finish()
                #expect(try near.receiveToEnd().end == .fin)
            }
            #expect(try server.end(of: origin.authority)["reason"] as? String == "closed")
            #expect(client.stop() == 0)
        }

        /// A client that is away past the grace time: its streams end on both sides, which say why.
        private func oversleep() throws {
            let server = try Culvert(MethodTunnels.flags + ["--session-grace", "10s"])
            let client = try Culvert.client("\(server.url)/tunnel")
            let origin = try Origin()
            let near = try Stream.tunnel(client, to: origin.authority)
            let far = try origin.accept()
            near.setPatience(seconds: 60)
            far.setPatience(seconds: 60)
            try far.send("to somebody who is away")
            client.signal(SIGSTOP)
            let end = try server.journal.first(within: 60) { $0.contains("session_ended") }
            #expect(end.contains(#""event":"end""#))
            _ = try far.receiveToEnd()
            #expect(try server.status()["sessions"] == 0)
            client.signal(SIGCONT)
            #expect(try near.receiveToEnd().end == .reset)
            _ = try client.record("session_lost")
            #expect(try client.end(of: origin.authority)["reason"] as? String == "session_lost")
            // It has another one, which is as good.
            let next = try Stream.tunnel(client, to: origin.authority, early: [7])
            #expect(try origin.accept().receive(exactly: 1) == [7])
            next.close()
            #expect(client.stop() == 0)
        }

        /// Two networks with a wire between them: the client's address here is not there for long.
        private func wire() throws -> (near: Namespace, far: Namespace) {
            let (near, far) = (try Namespace(), try Namespace())
            try near.run([
                "ip", "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns",
                "\(far.processID)",
            ])
            for (network, address) in [(near, "192.0.2.1/24"), (far, "192.0.2.9/24")] {
                try network.run(["ip", "address", "add", address, "dev", "wire"])
                try network.run(["ip", "link", "set", "wire", "up"])
            }
            return (near, far)
        }

        @Test func `a client whose address changes goes on from the new one`() throws {
            let (near, far) = try wire()
            let server = try Culvert(MethodTunnels.flags, listen: "192.0.2.9:3128", in: far)
            let url = "http://192.0.2.9:3128/tunnel"
            let client = try Culvert(
                command: near.command(
                    [try Culvert.program, "client", "--server", url, "--journal", "-"]
                )
            )
            let origin = try far.inside { try Origin("192.0.2.9") }
            let here = try near.inside { try Stream.tunnel(client, to: origin.authority) }
            let there = try origin.accept()
            for round in 0..<3 {
                try Crew.run([
                    { try here.send(.outbound, 0..<(1 << 20)) },
                    { try there.receive(.outbound, 0..<(1 << 20)) },
                    { try there.send(.inbound, 0..<(1 << 20)) },
                    { try here.receive(.inbound, 0..<(1 << 20)) },
                ])
                try near.run(["ip", "address", "del", "192.0.2.\(1 + round)/24", "dev", "wire"])
                try near.run(["ip", "address", "add", "192.0.2.\(2 + round)/24", "dev", "wire"])
                // Bytes that are on their way, as it were.
                try there.send("x")
                try here.send("y")
                #expect(try here.receive(exactly: 1) == Array("x".utf8))
                #expect(try there.receive(exactly: 1) == Array("y".utf8))
            }
            _ = try client.record("network_changed")
            try here.finish()
            #expect(try there.receiveToEnd().end == .fin)
            try there.finish()
            #expect(try here.receiveToEnd().end == .fin)
            #expect(try server.end(of: origin.authority)["reason"] as? String == "closed")
            #expect(client.stop() == 0)
        }

        @Test func `a client that sleeps goes on where it was, in time, or says that it is over`()
            throws
        {
            try Crew.run([{ try sleep() }, { try oversleep() }])
        }
    }
}

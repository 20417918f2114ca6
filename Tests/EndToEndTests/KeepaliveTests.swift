import Foundation
import Testing

extension EndToEndTests {
    /// Whether the kernel probes the peers of silent connections, as it tells itself.
    @Suite struct Keepalives {
        /// The timers of sockets that are connected to `ports`.
        private static func timers(towards ports: [UInt16]) throws -> [String] {
            try ports.map { port in
                let filter = "( dport = :\(port) )"
                let options = ["--tcp", "--options", "--no-header", "--numeric", filter]
                return try Program.run("ss", options, within: 30).output
            }
        }

        /// Waits until sockets that are connected to each of `ports` are probed; their timers.
        private static func probed(towards ports: [UInt16]) throws -> [String] {
            for _ in 0..<1000 {
                let timers = try timers(towards: ports)
                if timers.allSatisfy({ $0.contains("timer:(keepalive,") }) { return timers }
                usleep(10_000)
            }
            return []
        }

        @Test func `both sides of a tunnel that is silent are probed`() throws {
            let culvert = try Culvert(Culvert.openFlags + ["--keepalive", "9s"])
            let tunnel = try Tunnel(culvert)
            try tunnel.exchange()
            let ports = [tunnel.client, tunnel.upstream].map { SocketName.port(of: $0.descriptor) }
            let timers = try Self.probed(towards: ports)
            #expect(timers.count == 2)
            for timer in timers {
                // Seconds until the next probe.
                let left = timer.firstMatch(of: /timer:\(keepalive,([0-9]+)/)?.1
                #expect(left.flatMap { Int($0) }.map { (5...9).contains($0) } == true, "\(timer)")
            }
            try tunnel.exchange()
        }

        @Test func `the carriers of requests are probed, too`() throws {
            let culvert = try Culvert(MethodTunnels.flags)
            let stream = try Stream(to: culvert.endpoint)
            // The rest of the body doesn't come.
            let head = "POST /tunnel/make/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n"
            try stream.send(head + "nonce")
            let port = SocketName.port(of: stream.descriptor)
            #expect(try Self.probed(towards: [port]).count == 1)
        }

        @Test func `nobody is probed where that is off`() throws {
            let silent = try Tunnel(try Culvert(Culvert.openFlags + ["--keepalive", "0"]))
            try silent.exchange()
            let other = try Tunnel(try Culvert())
            try other.exchange()
            // By then the one that has been silent for longer would be, too.
            _ = try Self.probed(towards: [SocketName.port(of: other.client.descriptor)])
            let ports = [silent.client, silent.upstream].map { SocketName.port(of: $0.descriptor) }
            for timer in try Self.timers(towards: ports) { #expect(!timer.contains("keepalive")) }
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Which congestion control TCP uses on both sides of a tunnel, as the kernel tells it.
    @Suite struct Congestion {
        /// The algorithms of Culvert's two sockets in a tunnel: the client's side, the upstream's.
        private static func inUse(_ flags: [String]) throws -> [String] {
            let tunnel = try Tunnel(try Culvert(Culvert.openFlags + flags))
            try tunnel.exchange()
            let client = SocketName.port(of: tunnel.client.descriptor)
            let origin = SocketName.port(of: tunnel.upstream.descriptor)
            return try inUse(towards: [client, origin])
        }

        /// The algorithms of sockets that are connected to `ports`.
        private static func inUse(towards ports: [UInt16]) throws -> [String] {
            try ports.map { port in
                let filter = "( dport = :\(port) )"
                let outcome = try Program.run(
                    "ss",
                    ["--tcp", "--info", "--no-header", "--numeric", filter],
                    within: 30
                )
                let words = outcome.output.split(whereSeparator: \.isWhitespace)
                return words.first { Self.names.contains(String($0)) }.map(String.init) ?? ""
            }
        }

        private static let names = ["reno", "cubic", "bbr", "dctcp", "vegas", "bic", "westwood"]

        private static var system: String {
            get throws {
                let path = "/proc/sys/net/ipv4/tcp_congestion_control"
                let text = try String(contentsOfFile: path, encoding: .utf8)
                return text.trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }

        @Test func `the one that is named is used on both sides`() throws {
            #expect(try Self.inUse(["--congestion", "reno"]) == ["reno", "reno"])
        }

        @Test func `the client's sockets use the one that is named, too`() throws {
            let server = try Culvert(MethodTunnels.flags)
            let client = try Culvert.client("\(server.url)/tunnel", ["--congestion", "reno"])
            let origin = try Origin.echo()
            let stream = try Stream.tunnel(client, to: origin.authority, early: [1])
            #expect(try stream.receive(exactly: 1) == [1])
            let ports = [SocketName.port(of: stream.descriptor), server.endpoint.port]
            #expect(try Self.inUse(towards: ports) == ["reno", "reno"])
        }

        @Test func `the system's is used where that is asked for`() throws {
            let system = try Self.system
            #expect(try Self.inUse(["--congestion", "system"]) == [system, system])
        }

        @Test func `BBR is not used over loopback by default`() throws {
            let system = try Self.system
            let inUse = try Self.inUse([])
            #expect(!inUse.contains("bbr") && !inUse.contains(""))
            if system != "bbr" { #expect(inUse == [system, system]) }
        }
    }
}

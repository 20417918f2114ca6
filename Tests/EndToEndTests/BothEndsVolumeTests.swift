import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Many bytes through both ends of the tunnel without CONNECT.
    @Suite struct BothEndsVolume {
        private static let named = ProcessInfo.processInfo.environment["CULVERT_CARRIED_MIB"]
        private static let count = (named.flatMap { Int($0) } ?? 8) << 20
        private static let outbound = Result { try RandomStream() }
        private static let inbound = Result { try RandomStream() }
        private static let outboundDigest = Result { try outbound.get().digest(count) }
        private static let inboundDigest = Result { try inbound.get().digest(count) }

        /// Reads `stream` to its end, and compares what came by its digest.
        private static func expect(_ sent: Result<String, any Error>, from stream: Stream) throws {
            let digest = try Digest()
            var bytes = try stream.receive(1 << 20)
            while !bytes.isEmpty {
                try digest.update(bytes)
                bytes = try stream.receive(1 << 20)
            }
            #expect(try digest.finish() == sent.get())
        }

        @Test(arguments: [nil] + MiddleProxy.Kind.allCases.map(Optional.some))
        func `what is sent arrives, both ways at once, by its SHA-256`(
            _ kind: MiddleProxy.Kind?
        ) throws {
            let server = try Culvert(MethodTunnels.flags)
            let port = server.endpoint.port
            let proxy = try kind.map { try MiddleProxy($0, before: port) }
            let way = proxy?.way(to: port) ?? (server: "\(server.url)/tunnel", flags: [])
            let client = try Culvert.client(way.server, way.flags)
            let origin = try Origin()
            let near = try Stream.tunnel(client, to: origin.authority)
            let far = try origin.accept()
            let (outbound, inbound) = (try Self.outbound.get(), try Self.inbound.get())
            _ = (try Self.outboundDigest.get(), try Self.inboundDigest.get())
            let began = Date()
            try Crew.run([
                {
                    try outbound.read(Self.count) { try near.send($0) }
                    try near.finish()
                },
                {
                    try inbound.read(Self.count) { try far.send($0) }
                    try far.finish()
                },
                { try Self.expect(Self.outboundDigest, from: far) },
                { try Self.expect(Self.inboundDigest, from: near) },
            ])
            if Self.named != nil {
                let seconds = Date().timeIntervalSince(began)
                let rate = Double(Self.count) / 1e6 / seconds
                print("\(kind?.rawValue ?? "directly"): \(rate) MB/s each way, \(client.pollings)")
            }
            let end = try server.end(of: origin.authority)
            #expect(end["bytes_out"] as? Int == Self.count)
            #expect(end["bytes_in"] as? Int == Self.count)
            #expect(end["reason"] as? String == "closed")
        }
    }
}

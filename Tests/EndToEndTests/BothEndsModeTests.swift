import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Which way of asking for bytes the client ends up with, by what stands before the server.
    @Suite struct BothEndsModes {
        @Test(arguments: [
            // The methods that most networks let through.
            ["option http-no-delay", "http-request deny if { method PUT DELETE }"],
            // Fields that nobody knows are dropped, and all at once.
            ["option http-no-delay", "http-request del-header Tunnel-Session"],
            [
                "option http-no-delay", "http-request del-header Tunnel-",
                "http-request deny if { method PUT DELETE PATCH OPTIONS }",
            ],
        ])
        func `a network that forbids methods or drops fields lets streams through`(
            rules: [String]
        ) throws {
            try expect("streaming") {
                try MiddleProxy(.haproxy, before: $0, patience: "60s", rules: rules)
            }
        }

        /// One that lets a session be made and answers all else with a status: the client can't
        /// learn anything from that, and nothing keeps it from ending.
        @Test(arguments: ["400", "404", "413"])
        func `a network that refuses all but the first request keeps no client from ending`(
            status: String
        ) throws {
            let server = try Culvert(MethodTunnels.flags)
            let deny = "http-request deny deny_status \(status) unless { path_beg /tunnel/make }"
            let port = server.endpoint.port
            let proxy = try MiddleProxy(.haproxy, before: port, patience: "60s", rules: [deny])
            let client = try Culvert.client(proxy.way(to: port).server)
            #expect(client.stop() == 0)
        }

        /// Expects that by way of a proxy the client asks in the way called `mode` at last, and
        /// that bytes come and go in that way.
        private func expect(_ mode: String, _ makeProxy: (UInt16) throws -> MiddleProxy?) throws {
            let server = try Culvert(MethodTunnels.flags)
            let port = server.endpoint.port
            let proxy = try makeProxy(port)
            let way = proxy?.way(to: port) ?? (server: "\(server.url)/tunnel", flags: [])
            let client = try Culvert.client(way.server, way.flags)
            _ = try client.record("polling") { $0["detail"] as? String == mode }
            let origin = try Origin.echo()
            let streams = try (0..<2).map { _ in
                try Stream.tunnel(client, to: origin.authority)
            }
            try Stream.expectEchoes(of: 1 << 18, on: streams, "\(mode)")
            #expect(client.pollings.last == mode, "\(client.pollings)")
            #expect(client.stop() == 0)
        }

        @Test func `what the network lets through is found out with the real server`() throws {
            try Crew.run([
                { try expect("streaming") { _ in nil } },
                { try expect("streaming") { try MiddleProxy(.squid, before: $0) } },
                {
                    let rules = ["option http-no-delay"]
                    try expect("streaming") {
                        try MiddleProxy(.haproxy, before: $0, patience: "60s", rules: rules)
                    }
                },
                {
                    // Without, it waits for 200 milliseconds before it passes on a small piece.
                    try expect("long_poll") {
                        try MiddleProxy(.haproxy, before: $0, patience: "60s")
                    }
                },
                { try expect("long_poll") { try MiddleProxy(.nginx, before: $0) } },
                {
                    // It passes an answer on when it has all of it.
                    let rule = "http-response wait-for-body time 60s"
                    try expect("long_poll") {
                        try MiddleProxy(.haproxy, before: $0, patience: "60s", rules: [rule])
                    }
                },
                {
                    // It cuts whatever is silent for longer than that.
                    try expect("short_poll") {
                        try MiddleProxy(.haproxy, before: $0, patience: "1500ms")
                    }
                },
            ])
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// A proxy that has run out of descriptors, or has more on its hands than it can finish.
    @Suite struct Exhaustion {
        private static let full = "connection_limit_reached"

        /// A culvert of one worker that may open only so many descriptors.
        private func start(descriptors: Int, _ others: String...) throws -> Culvert {
            let command = "ulimit -n \(descriptors); exec \"$@\""
            let flags = ["--listen", "127.0.0.1:0", "--journal", "-", "--workers", "1"]
            let more = ["--pipes", "4"] + others + Culvert.openFlags
            return try Culvert(
                command: ["sh", "-c", command, "sh", Culvert.program] + flags + more
            )
        }

        /// Opens tunnels until there are no more to be had.
        private func fill(_ culvert: Culvert) throws -> [Tunnel] {
            let line = try culvert.notices.first { $0.contains("serving with") }
            let ceiling = try #require(line.firstMatch(of: #/up to (\d+) tunnels/#)?.1)
            let count = try #require(Int(ceiling))
            return try (0..<count).map { _ in try Tunnel(culvert) }
        }

        /// Ticks of 10 ms that `culvert` works within a second in which nobody does anything.
        private func idleTicks(_ culvert: Culvert) throws -> Int {
            let before = try culvert.processorTicks()
            sleep(1)
            return try culvert.processorTicks() - before
        }

        @Test func `a full proxy says so, costs nothing, and recovers`() throws {
            let culvert = try start(descriptors: 128)
            let descriptors = try culvert.workerDescriptors
            for _ in 0..<2 {
                let tunnels = try fill(culvert)
                for _ in 0..<10 {
                    let refused = try culvert.ask(for: "127.0.0.1:1")
                    refused.expect(503, Self.full)
                    #expect(refused.body.contains("out of descriptors"))
                }
                for tunnel in tunnels { try tunnel.exchange() }
                // A client that says nothing takes the place for those who are told.
                let silent = try Stream(to: culvert.endpoint)
                #expect(try silent.receiveHead().hasPrefix("HTTP/1.1 503 "))
                #expect(try idleTicks(culvert) < 20)
                for tunnel in tunnels { tunnel.client.reset() }
                silent.close()
                try culvert.expectEmpty(descriptors: descriptors)
            }
        }

        /// A crowd of one client asks by `request` and stays, and takes few places from others.
        ///
        /// The first `served` are answered with `status`, as another client is; others are refused.
        private func expectFewPlaces(
            _ culvert: Culvert,
            _ request: String,
            crowd count: Int,
            served: Int,
            status: Int,
            _ level: String,
            below most: Int
        ) throws {
            let descriptors = try culvert.workerDescriptors
            func ask(from source: String, _ expected: Int) throws -> Stream {
                let stream = try Stream(to: culvert.endpoint, from: source)
                try stream.send(request)
                #expect(try stream.receiveHead().hasPrefix("HTTP/1.1 \(expected) "))
                return stream
            }
            let crowd = try (0..<count).map { index in
                try ask(from: "127.0.0.2", index < served ? status : 503)
            }
            let taken = try #require(try culvert.status()[level])
            #expect(taken < most, "\(taken)")
            let other = try ask(from: "127.0.0.3", status)
            for stream in crowd + [other] { stream.reset() }
            try culvert.expectEmpty(descriptors: descriptors)
        }

        @Test func `clients that are refused and stay take no places from others`() throws {
            let culvert = try start(descriptors: 128, "--max-tunnels-per-client", "2")
            let origin = try Origin()
            let request = "CONNECT \(origin.authority) HTTP/1.1\r\nHost: a\r\n\r\n"
            // A quarter of the places at most, and their tunnels.
            try expectFewPlaces(
                culvert,
                request,
                crowd: 102,
                served: 2,
                status: 200,
                "tunnels",
                below: 15
            )
        }

        @Test func `requests that are refused and stay take no places from others`() throws {
            let culvert = try start(
                descriptors: 256,
                "--max-tunnels-per-client",
                "2",
                "--method-tunnel",
                "/tunnel"
            )
            let session = "Tunnel-Session: \(String(repeating: "0", count: 32))"
            let poll = "GET /tunnel/-/poll/0/0/0/9?7fffffffffffffff HTTP/1.1\r\nHost: a\r\n"
            let request = "\(poll)\(session)\r\n\r\n"
            try expectFewPlaces(
                culvert,
                request,
                crowd: 100,
                served: 18,
                status: 404,
                "carriers",
                below: 40
            )
        }

        @Test func `a crowd before a full proxy is told so to the last client`() throws {
            let culvert = try start(descriptors: 128)
            let descriptors = try culvert.workerDescriptors
            let tunnels = try fill(culvert)
            try culvert.pause()
            let crowd = try (0..<100).map { _ in
                let stream = try Stream(to: culvert.endpoint)
                try stream.send("CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: a\r\n\r\n")
                return stream
            }
            culvert.resume()
            for stream in crowd {
                let (bytes, _) = try stream.receiveToEnd()
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(text.hasPrefix("HTTP/1.1 503 "), "\(text.debugDescription)")
                #expect(text.contains("; error=\(Self.full); "))
                stream.close()
            }
            for tunnel in tunnels {
                try tunnel.exchange()
                tunnel.client.reset()
            }
            try culvert.expectEmpty(descriptors: descriptors)
            try Tunnel(culvert).exchange()
        }

        @Test func `attempts to connect leave what is set aside for refusing`() throws {
            let addresses = ["127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.0.14"]
            let first = try BlackHole(addresses[0])
            let port = first.endpoint.port
            let others = try addresses.dropFirst().map { try BlackHole($0, port: port) }
            let names = try NameServer { _ in .addresses(addresses, ttl: 60) }
            let culvert = try start(descriptors: 256, "--name-server", "\(names.endpoint)")
            let descriptors = try culvert.workerDescriptors
            let line = try culvert.notices.first { $0.contains("serving with") }
            let ceiling = try #require(line.firstMatch(of: #/up to (\d+) tunnels/#)?.1)
            // All of them but those that are set aside.
            let most = 2 * (try #require(Int(ceiling)))
            let hostile = try (0..<60).map { number in
                try Stream.asking(culvert, for: "name\(number).test:\(port)")
            }
            try culvert.wait(until: "descriptors", is: most)
            // Time enough for addresses that have their turn.
            usleep(1_000_000)
            #expect(try #require(try culvert.status()["descriptors"]) <= most)
            // Those who are refused and stay get no more than what is set aside.
            let crowd = try (0..<100).map { _ in
                let stream = try Stream(to: culvert.endpoint)
                #expect(try stream.receiveHead().hasPrefix("HTTP/1.1 503 "))
                return stream
            }
            #expect(try #require(try culvert.status()["descriptors"]) <= most + 4)
            #expect(try culvert.workerDescriptors < 256 - 32)
            for stream in hostile + crowd { stream.reset() }
            try culvert.expectEmpty(descriptors: descriptors)
            try Tunnel(culvert).exchange()
            withExtendedLifetime((first, others)) {}
        }

        @Test func `targets that never answer take no more than their time`() throws {
            let flags = ["--connect-timeout", "300ms"]
            let culvert = try Culvert(Culvert.openFlags + flags)
            let descriptors = try culvert.workerDescriptors
            let hole = try BlackHole("127.0.0.1", port: 0)
            let clients = try (0..<200).map { _ in
                let stream = try Stream(to: culvert.endpoint)
                try stream.send("CONNECT \(hole.authority) HTTP/1.1\r\nHost: a\r\n\r\n")
                return stream
            }
            try Tunnel(culvert).exchange()
            for client in clients {
                try Refused(from: client).expect(504, "connection_timeout")
                client.close()
            }
            let end = try culvert.end(of: hole.authority)
            #expect(end["reason"] as? String == "connection_timeout")
            #expect(end["status"] as? Int == 504)
            #expect(end["duration_us"] as? Int ?? 0 >= 300_000)
            try culvert.expectEmpty(descriptors: descriptors)
        }

        @Test func `an idle proxy with idle tunnels uses no processor time`() throws {
            for mode in Culvert.relayModes {
                let flags = ["--relay", mode, "--park-after", "20ms"]
                let culvert = try Culvert(Culvert.openFlags + flags)
                let tunnels = try (0..<50).map { _ in try Tunnel(culvert) }
                for tunnel in tunnels { try tunnel.exchange() }
                for tunnel in tunnels.prefix(10) { try tunnel.client.finish() }
                for tunnel in tunnels.suffix(10) { try tunnel.upstream.finish() }
                #expect(try idleTicks(culvert) < 20)
            }
        }

        @Test(arguments: ["1", "64"])
        func `a small ring loses nothing in a crowd`(batch: String) throws {
            let ring = ["--ring-entries", "64", "--completion-entries", "64", "--batch", batch]
            let culvert = try Culvert(Culvert.openFlags + ["--workers", "1"] + ring)
            let descriptors = try culvert.workerDescriptors
            let origin = try Origin.echo()
            try culvert.pause()
            let crowd = try (0..<400).map { _ in
                let stream = try Stream(to: culvert.endpoint)
                let head = "CONNECT \(origin.authority) HTTP/1.1\r\nHost: a\r\n\r\nearly"
                try stream.send(head)
                return stream
            }
            culvert.resume()
            for stream in crowd {
                #expect(try stream.receiveHead().hasPrefix("HTTP/1.1 200 "))
                #expect(try stream.receive(exactly: 5) == Array("early".utf8))
            }
            try culvert.pause()
            for stream in crowd { try stream.finish() }
            culvert.resume()
            for stream in crowd { #expect(try stream.receiveToEnd().end == .fin) }
            try culvert.expectEmpty(descriptors: descriptors)
        }
    }
}

import Foundation
import Testing

extension AloneTests {
    /// Clients of the tunnel without CONNECT that keep to the format and still mean harm.
    @Suite struct MethodHostile {
        private typealias Frame = MethodSession.Frame

        /// A session of these windows with as many streams as `count`, and their far ends.
        private static func crowd(
            _ culvert: Culvert,
            _ origin: Origin,
            _ count: Int,
            windows: [Int: Int]
        ) throws -> (session: MethodSession, upstreams: [Stream]) {
            let session = try MethodSession(culvert)
            try session.make(MethodSession.nonce(), windows)
            try session.openStreams(count, origin.authority)
            return (session, try (0..<count).map { _ in try origin.accept() })
        }

        @Test func `what a client doesn't fetch takes bounded memory`() throws {
            let culvert = try MethodTunnels.start("--workers", "1", "--buffers", "64")
            let origin = try Origin()
            let before = try culvert.residentKilobytes()
            // The widest windows that a client may name.
            let windows = [1: 1 << 24, 2: 1 << 28]
            let crowds = try (0..<4).map { _ in
                try Self.crowd(culvert, origin, 40, windows: windows)
            }
            for (session, upstreams) in crowds {
                for upstream in upstreams {
                    _ = try upstream.fill(.inbound, upTo: 1 << 20, within: 10)
                }
                // It asks again and again for the same byte.
                for _ in 0..<50 {
                    let reply = try session.ask("GET", "-/poll/0/0/0/1")
                    try #require(reply.result == 0 && reply.rest.count <= 1)
                }
            }
            // Four lanes of 256 KiB each, a block of 68 KiB for each stream, and the buffers.
            let most = 4 * 1024 + 160 * 68 + 64 * 64
            let grown = try culvert.residentKilobytes() - before
            #expect(grown < most + (2 << 10), "\(grown) KiB, of \(most)")
            // Whoever does fetch it gets all.
            let (session, _) = crowds[0]
            while Frame.all(in: session.lanes[0]).count < 10 { try session.poll() }
            for (session, _) in crowds { _ = try session.ask("DELETE", "-/quit") }
            try culvert.expectEmpty()
            try culvert.awaitResident(atMost: before + (8 << 10))
        }

        @Test func `bodies that come byte by byte take little of memory and of time`() throws {
            let culvert = try MethodTunnels.start("--workers", "1", "--body-timeout", "60s")
            let (count, bytes) = (200, 100)
            let session = try MethodSession(culvert)
            try session.make()
            let before = try culvert.residentKilobytes()
            var drips = try (0..<count).map { _ in
                let stream = try Stream(to: culvert.endpoint)
                let body = [UInt8](repeating: 0, count: bytes)
                try stream.send(session.request("PUT", "-/send/0/0", body).dropLast(bytes))
                return stream
            }
            while try culvert.status()["carriers"] != count {}
            let ticks = try culvert.processorTicks()
            for _ in 1..<bytes {
                for stream in drips { try stream.send([9]) }
            }
            // Each byte is a receive: 50 us for one are 1 s.
            let spent = try culvert.processorTicks() - ticks
            #expect(spent < 100, "\(spent) ticks for \(count * bytes) bytes")
            // What only their heads took goes back within two seconds.
            try culvert.awaitResident(atMost: before + count * 6 - 1)
            // All of them bring the same bytes of a lane, and break the format at the first.
            for stream in drips { try stream.send([9]) }
            let results = try drips.map { try MethodSession.reply(on: $0).result }
            #expect(results.first == 9 || results.contains(9))
            #expect(results.allSatisfy { $0 == 9 || $0 == 1 })
            drips = []
            try culvert.expectEmpty()
        }

        @Test func `a session full of starved streams costs each request little more`() throws {
            let culvert = try MethodTunnels.start("--workers", "1")
            let origin = try Origin(backlog: 4096)
            func spent(_ session: MethodSession) throws -> Int {
                let stream = try Stream(to: culvert.endpoint)
                let ticks = try culvert.processorTicks()
                for _ in 0..<2000 {
                    try stream.send(session.request("GET", "-/poll/3/0/0/1"))
                    try #require(try MethodSession.reply(on: stream).result == 0)
                }
                stream.close()
                return try culvert.processorTicks() - ticks
            }
            let narrow = [2: 65536]
            let (light, _) = try Self.crowd(culvert, origin, 1, windows: narrow)
            let (heavy, upstreams) = try Self.crowd(culvert, origin, 500, windows: narrow)
            for upstream in upstreams { try upstream.send(.inbound, 0..<16384) }
            // The session's window is used up; all other bytes wait.
            var taken = 0
            while taken < 60_000 {
                for lane in 0..<4 { try heavy.poll(lane, wait: 0) }
                taken = heavy.lanes.joined().count
            }
            let (few, many) = (try spent(light), try spent(heavy))
            #expect(many < 3 * few + 20, "\(many) ticks, alone \(few)")
            for session in [light, heavy] { _ = try session.ask("DELETE", "-/quit") }
            try culvert.expectEmpty()
        }
    }
}

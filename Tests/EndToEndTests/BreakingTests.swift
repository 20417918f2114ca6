import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// A side that has closed, or broken, while the other still sends to it.
    @Suite struct Breaking {
        /// Bytes that the kernel takes for `side` of a tunnel whose other side doesn't read, and of
        /// which Culvert still has some then.
        private static let amount = 400_000
        private static let flags =
            Culvert.openFlags
            + ["--receive-buffer", "1MiB", "--send-buffer", "16KiB", "--pipe-size", "64KiB"]

        private func start(_ mode: String) throws -> Tunnel {
            try Tunnel(Culvert(Self.flags + ["--relay", mode]))
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `what came before a FIN arrives although sends behind it are answered by a reset`(
            mode: String,
            side: Side
        ) throws {
            let tunnel = try start(mode)
            try tunnel[side].send(side.pattern, 0..<Self.amount)
            try tunnel[side].awaitAcknowledgement()
            tunnel[side].close()
            // The first is answered by a reset; the others meet it.
            for piece in 0..<5 {
                try tunnel[side.other].send(side.other.pattern, piece * 1000..<(piece + 1) * 1000)
                try tunnel[side.other].awaitAcknowledgement()
            }
            let (count, end) = try tunnel[side.other].receiveToEnd(side.pattern)
            #expect(count == Self.amount && end == .fin)
            try tunnel[side.other].finish()
            let record = try tunnel.expectEnd("reset", by: side.rawValue)
            #expect(record[side == .client ? "bytes_out" : "bytes_in"] as? Int == Self.amount)
            try tunnel.culvert.expectEmpty()
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `who has had all may go on sending though nobody is there any more`(
            mode: String,
            side: Side
        ) throws {
            let tunnel = try start(mode)
            try tunnel[side].send(side.pattern, 0..<1000)
            tunnel[side].close()
            let (count, end) = try tunnel[side.other].receiveToEnd(side.pattern)
            #expect(count == 1000 && end == .fin)
            // By then a reset is noticed many times over.
            for piece in 0..<50 {
                try tunnel[side.other].send(side.other.pattern, piece * 1000..<(piece + 1) * 1000)
                try tunnel[side.other].awaitAcknowledgement()
            }
            try tunnel[side.other].finish()
            #expect(try tunnel[side.other].receive().isEmpty)
            try tunnel.expectEnd("reset", by: side.rawValue)
            try tunnel.culvert.expectEmpty()
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `who sends for ever to nobody is reset`(mode: String, side: Side) throws {
            let tunnel = try start(mode)
            tunnel[side].close()
            #expect(try tunnel[side.other].receiveToEnd().end == .fin)
            let failure = #expect(throws: Stream.Failure.self) {
                try tunnel[side.other].send(side.other.pattern, 0..<1 << 30)
            }
            #expect(failure?.code == ECONNRESET || failure?.code == EPIPE)
            try tunnel.expectEnd("reset", by: side.rawValue)
            try tunnel.culvert.expectEmpty()
        }

        @Test(arguments: Side.allCases)
        func `who sends a little now and then to nobody is reset, too`(side: Side) throws {
            let tunnel = try start("auto")
            tunnel[side].close()
            #expect(try tunnel[side.other].receiveToEnd().end == .fin)
            let failure = #expect(throws: Stream.Failure.self) {
                for _ in 0..<200 {
                    try tunnel[side.other].send("a")
                    usleep(50_000)
                }
            }
            #expect(failure?.code == ECONNRESET || failure?.code == EPIPE)
            try tunnel.expectEnd("reset", by: side.rawValue)
        }

        @Test(arguments: Culvert.relayModes, [false, true])
        func `a reset comes behind what was sent before it, however late that is read`(
            mode: String,
            hasEnded: Bool
        ) throws {
            let flags = ["--relay", mode, "--send-buffer", "256KiB", "--pipe-size", "256KiB"]
            let culvert = try Culvert(Culvert.openFlags + flags)
            let origin = try Origin()
            let client = try Stream.tunnel(culvert, to: origin.authority, receiveBuffer: 4096)
            let upstream = try origin.accept()
            try upstream.send(.inbound, 0..<60_000)
            try upstream.awaitAcknowledgement()
            upstream.reset()
            usleep(100_000)
            if hasEnded { try client.finish() }
            usleep(100_000)
            let (count, end) = try client.receiveToEnd(.inbound)
            #expect(count == 60_000 && end == .reset)
            let record = try culvert.end(of: origin.authority)
            #expect(record["reason"] as? String == "reset")
            #expect(record["bytes_in"] as? Int == 60_000)
            try culvert.expectEmpty()
        }

        @Test(arguments: [false, true])
        func `a stream whose server resets it amid an upload is reset`(hasEnded: Bool) throws {
            typealias Frame = MethodSession.Frame
            let culvert = try MethodTunnels.start("--workers", "1")
            for _ in 0..<10 {
                let origin = try Origin()
                let session = try MethodSession(culvert)
                try session.make()
                try #require(try session.open(4096, origin.authority).result == 0)
                let upstream = try origin.accept()
                let piece = Array(repeating: UInt8(1), count: 1000)
                try session.send([Frame(.data, stream: 4096, payload: piece)])
                _ = try upstream.receive(exactly: 500)
                try upstream.send("no")
                // It closes on what it hasn't read: a reset without a FIN.
                upstream.close()
                var frames = [Frame(.data, stream: 4096, position: 1000, payload: piece)]
                if hasEnded { frames.append(Frame(.end, stream: 4096, position: 2000)) }
                try session.send(frames)
                let told = try session.frames { $0.contains(Frame(.done, stream: 4096)) }
                #expect(told.contains(Frame(.data, stream: 4096, payload: Array("no".utf8))))
                #expect(told.contains { $0.kind == 3 && $0.code < 3 })
                #expect(!told.contains { $0.kind == 2 })
                _ = try session.ask("DELETE", "-/quit")
            }
        }

        @Test func `a stream whose server has closed ends in order for a program that sends on`()
            throws
        {
            let server = try Culvert(MethodTunnels.flags)
            let client = try Culvert.client("http://\(server.endpoint)/tunnel")
            for _ in 0..<10 {
                let origin = try Origin()
                let program = try Stream.tunnel(client, to: origin.authority)
                let upstream = try origin.accept()
                try upstream.send(.inbound, 0..<1000)
                upstream.close()
                for piece in 0..<5 {
                    try program.send(.outbound, piece * 100..<(piece + 1) * 100)
                    try program.awaitAcknowledgement()
                }
                try program.finish()
                let (count, end) = try program.receiveToEnd(.inbound)
                #expect(count == 1000 && end == .fin)
            }
            #expect(client.stop() == 0)
        }

        @Test(arguments: Culvert.relayModes)
        func `an answer to a request that isn't read to its end arrives`(mode: String) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode])
            let answer = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\n"
            let origin = try Origin { stream in
                _ = try stream.receive(exactly: 1000)
                try stream.send(answer)
                // It closes on what it hasn't read: a reset without a FIN.
            }
            for _ in 0..<20 {
                let client = try Stream.tunnel(culvert, to: origin.authority)
                let upload = #expect(throws: Stream.Failure.self) {
                    try client.send(.outbound, 0..<1 << 30)
                }
                #expect(upload?.code == ECONNRESET || upload?.code == EPIPE)
                #expect(try client.receiveHead() == answer)
            }
            try culvert.expectEmpty()
        }
    }
}

import Foundation
import Testing

extension EndToEndTests {
    /// Tunnels that must be TLS: what passes, what doesn't, and how either side learns of it.
    @Suite struct TLSOnly {
        /// Flags of a culvert whose every tunnel must be TLS.
        private static let flags = Culvert.openFlags + ["--tls-ports", "any"]

        /// A tunnel with the test at both of its ends, of which the first bytes are still to come.
        private static func open(
            _ more: [String] = [],
            early: [UInt8] = []
        ) throws -> Tunnel {
            try Tunnel(try Culvert(flags + more), early: early)
        }

        // MARK: What passes

        @Test(arguments: ClientHello.captured, [true, false])
        func `the hello of a client and what follows arrive as they were sent`(
            hello: ClientHello,
            isEarly: Bool
        ) throws {
            let bytes = hello.bytes + Array("what follows".utf8)
            let tunnel = try Self.open(early: isEarly ? bytes : [])
            if !isEarly { try tunnel.client.send(bytes) }
            #expect(try tunnel.upstream.receive(exactly: bytes.count) == bytes)
            try tunnel.exchange()
            try tunnel.client.finish()
            #expect(try tunnel.upstream.receiveToEnd().end == .fin)
            try tunnel.upstream.finish()
            let end = try tunnel.expectEnd("closed", by: "client")
            #expect(end["bytes_out"] as? Int == bytes.count + "hello, upstream".utf8.count)
        }

        @Test(arguments: ClientHello.captured)
        func `a hello passes wherever it is split`(hello: ClientHello) throws {
            let culvert = try Culvert(Self.flags + ["--workers", "1"])
            let origin = try Origin()
            let bytes = hello.bytes
            for split in 1..<bytes.count {
                // The first part comes with the head, and the second behind the answer to it.
                let first = Array(bytes[..<split])
                let client = try Stream.tunnel(culvert, to: origin.authority, early: first)
                try client.send(Array(bytes[split...]))
                let upstream = try origin.accept()
                let received = try upstream.receive(exactly: bytes.count)
                if received != bytes { Issue.record("split at \(split)") }
                client.reset()
                upstream.close()
            }
            #expect(try culvert.status()["not_tls"] == 0)
        }

        @Test(arguments: Culvert.relayModes)
        func `a hello in single bytes passes`(mode: String) throws {
            let tunnel = try Self.open(["--relay", mode])
            let bytes = ClientHello("curl").bytes
            for byte in bytes { try tunnel.client.send([byte]) }
            #expect(try tunnel.upstream.receive(exactly: bytes.count) == bytes)
            try tunnel.exchange()
        }

        @Test func `a hello in records of one byte passes`() throws {
            let tunnel = try Self.open()
            let message = ClientHello("curl").bytes.dropFirst(5)
            let bytes = message.flatMap { [22, 3, 1, 0, 1, $0] as [UInt8] }
            try tunnel.client.send(bytes)
            #expect(try tunnel.upstream.receive(exactly: bytes.count) == bytes)
            try tunnel.exchange()
        }

        @Test func `more than a relay buffer behind the hello passes`() throws {
            let bytes = ClientHello("go").bytes + Pattern.outbound.piece(at: 0, 300_000)
            let tunnel = try Self.open(early: bytes)
            #expect(try tunnel.upstream.receive(exactly: bytes.count) == bytes)
            try tunnel.exchange()
        }

        @Test func `what the server says first waits for the hello`() throws {
            let tunnel = try Self.open()
            try tunnel.upstream.send("220 first")
            try tunnel.upstream.finish()
            let bytes = ClientHello("java").bytes
            try tunnel.client.send(Array(bytes.dropLast()))
            #expect(!Readiness.comes(tunnel.client.descriptor, POLLIN, within: 100))
            try tunnel.client.send(Array(bytes.suffix(1)))
            #expect(try tunnel.client.receiveToEnd().bytes == Array("220 first".utf8))
            #expect(try tunnel.upstream.receive(exactly: bytes.count) == bytes)
        }

        // MARK: What doesn't

        /// A well-formed hello of more than 16 KiB, in records that are no longer than may be.
        private static let long: [UInt8] = {
            let vector = { (bytes: [UInt8]) in
                [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
            }
            let padding = [0, 21] + vector([UInt8](repeating: 0, count: 16_500))
            let start: [UInt8] = [3, 3] + [UInt8](repeating: 9, count: 32)
            let body = vector(start + [0, 0, 2, 0x13, 1, 1, 0] + vector(padding))
            let message: [UInt8] = [1, 0] + body
            return stride(from: 0, to: message.count, by: 4096).flatMap { first in
                [22, 3, 1] + vector(Array(message[first..<min(first + 4096, message.count)]))
            }
        }()

        static let others: [[UInt8]] = [
            long,
            Array("SSH-2.0-OpenSSH_9.2p1 Debian\r\n".utf8),
            Array("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n".utf8),
            Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8), Array("EHLO a.test\r\n".utf8),
            [0x80, 46, 1, 3, 1, 0, 21, 0, 0, 0, 16] + [UInt8](repeating: 7, count: 37),
            [21, 3, 1, 0, 2, 2, 40], [0], [22, 3, 0, 0, 0],
            // A record with the beginning of a hello, then junk.
            [22, 3, 1, 0, 4, 1, 0, 1, 0] + Array("junk".utf8),
            // More than 16 KiB.
            [22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc, 3, 3] + [UInt8](repeating: 9, count: 16382),
            (0..<1000).map { _ in UInt8.random(in: 32...126) },
            [23] + (0..<1000).map { _ in UInt8.random(in: .min ... .max) },
            // A handshake of random bytes, which would be far too long.
            [22, 3, 1, 0x10, 0, 1, 0xff] + (0..<4094).map { _ in UInt8.random(in: .min ... .max) },
        ]

        @Test(arguments: others, [true, false])
        func `other bytes end the tunnel with a reset, and none reaches the upstream`(
            bytes: [UInt8],
            isEarly: Bool
        ) throws {
            let tunnel = try Self.open(early: isEarly ? bytes : [])
            if !isEarly { try tunnel.client.send(bytes) }
            let (received, end) = try tunnel.client.receiveToEnd()
            #expect(received == [] && end == .reset)
            #expect(try tunnel.upstream.receiveToEnd().bytes == [])
            let record = try tunnel.expectEnd("not-tls", by: "proxy")
            #expect(record["bytes_out"] as? Int == 0)
            #expect(record["detail"] as? String != "")
            // It didn't take the timer, whose default is 10 s.
            #expect(record["duration_us"] as? Int ?? .max < 8_000_000)
            let status = try tunnel.culvert.status()
            #expect(status["not_tls"] == 1 && status["refused"] == 0 && status["opened"] == 1)
        }

        @Test func `a hello that the client breaks off is none`() throws {
            let tunnel = try Self.open()
            try tunnel.client.send(Array(ClientHello("curl").bytes.dropLast()))
            try tunnel.client.finish()
            #expect(try tunnel.client.receiveToEnd().end == .reset)
            #expect(try tunnel.upstream.receiveToEnd().bytes == [])
            try tunnel.expectEnd("not-tls", by: "proxy")
        }

        @Test func `a client that ends without a byte gets none either`() throws {
            let tunnel = try Self.open()
            try tunnel.upstream.send("220 first")
            try tunnel.client.finish()
            #expect(try tunnel.client.receiveToEnd().bytes == [])
            try tunnel.expectEnd("client_left", by: "client")
        }

        @Test func `a reset before the hello is passed on`() throws {
            let tunnel = try Self.open(early: [22])
            tunnel.client.reset()
            #expect(try tunnel.upstream.receiveToEnd().end == .reset)
            try tunnel.expectEnd("reset", by: "client")
        }

        // MARK: Time

        @Test(arguments: [0, 1400])
        func `a client that falls silent is ended by the timer`(count: Int) throws {
            let first = Array(ClientHello("chromium").bytes.prefix(count))
            let tunnel = try Self.open(["--tls-hello-timeout", "300ms"], early: first)
            // A protocol in which the server speaks first fares no better.
            try tunnel.upstream.send("220 first")
            #expect(try tunnel.client.receiveToEnd().bytes == [])
            #expect(try tunnel.upstream.receiveToEnd().bytes == [])
            let end = try tunnel.expectEnd("tls-hello-timeout", by: "proxy")
            #expect((300_000..<8_000_000).contains(end["duration_us"] as? Int ?? 0))
            #expect(try tunnel.culvert.status()["tls_hello_timeout"] == 1)
        }

        @Test func `a client that drips is ended as well`() throws {
            let tunnel = try Self.open(["--tls-hello-timeout", "500ms"])
            // It would take a minute.
            for byte in ClientHello("chromium").bytes {
                guard !Readiness.comes(tunnel.client.descriptor, POLLIN, within: 30) else { break }
                try tunnel.client.send([byte])
            }
            _ = try tunnel.client.receiveToEnd()
            let end = try tunnel.expectEnd("tls-hello-timeout", by: "proxy")
            #expect((500_000..<8_000_000).contains(end["duration_us"] as? Int ?? 0))
        }

        @Test func `a tunnel that has shown its hello is under the timers of all tunnels`() throws {
            let tunnel = try Self.open(["--tls-hello-timeout", "100ms", "--idle-timeout", "400ms"])
            let bytes = ClientHello("python").bytes
            try tunnel.client.send(bytes)
            #expect(try tunnel.upstream.receiveToEnd().bytes == bytes)
            try tunnel.expectEnd("idle_timeout", by: "proxy")
        }
    }
}

import Foundation
import Testing

extension EndToEndTests {
    /// Heads that are huge, and heads that come byte by byte.
    @Suite struct Bombs {
        private static let word = "http_request_error"
        private static let start = "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n"

        private static func bytes(_ count: Int, _ byte: Character = "x") -> String {
            String(repeating: byte, count: count)
        }

        private static let bombs: [(String, Int)] = [
            ("CONNECT " + bytes(64 << 10) + ":443 HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            (bytes(64 << 10), 414),
            (bytes(1 << 20), 414),
            (start + "X-Forwarded-For: " + bytes(64 << 10, "1") + "\r\n\r\n", 431),
            (start + bytes(64 << 10) + ": a\r\n\r\n", 431),
            (start + String(repeating: "X: y\r\n", count: 10_000) + "\r\n", 431),
            (start + String(repeating: "X: \(bytes(1000))\r\n", count: 1000) + "\r\n", 431),
            (start + String(repeating: "Via: \(bytes(8000, ","))\r\n", count: 3) + "\r\n", 431),
            ("\r\n\r\n" + bytes(1 << 20, "\r"), 400),
            (start + bytes(1 << 20, "\u{0}"), 400),
        ]

        @Test func `a huge head is refused early and takes no memory`() throws {
            let culvert = try Culvert(Culvert.openFlags)
            // What is needed for the first is there for all.
            for (bomb, status) in Self.bombs { try culvert.ask(bomb).expect(status, Self.word) }
            let before = try culvert.residentKilobytes()
            for _ in 0..<10 {
                for (bomb, status) in Self.bombs { try culvert.ask(bomb).expect(status, Self.word) }
            }
            #expect(try culvert.residentKilobytes() - before < 4 << 10)
            try culvert.expectEmpty()
        }

        @Test func `a refused client that sends without end is cut off`() throws {
            let culvert = try Culvert(Culvert.openFlags)
            let client = try Stream(to: culvert.endpoint)
            #expect(throws: Stream.Failure.self) {
                try client.send(.outbound, 0..<1 << 40)
            }
            try culvert.expectEmpty()
        }

        @Test func `each byte above ASCII stands in field values and nowhere else`() throws {
            let culvert = try Culvert(Culvert.openFlags)
            let origin = try Origin()
            let target = Array(origin.authority.utf8)
            let end = Array("\r\n\r\n".utf8)
            for byte in UInt8(0x80)...0xff {
                let places: [[UInt8]] = [
                    [byte],
                    Array("CONN".utf8) + [byte],
                    Array("CONNECT ".utf8) + [byte] + target + Array(" HTTP/1.1".utf8),
                    Array("CONNECT ".utf8) + target + Array(" HTTP/1.1".utf8) + [byte],
                    Array("\(Self.start)X".utf8) + [byte] + Array(": y".utf8),
                    Array("CONNECT a.test:1 HTTP/1.1\r\nHost: ".utf8) + [byte],
                ]
                for place in places { try culvert.ask(place + end + end).expect(400, Self.word) }
            }
            let value = Array((0x80...0xff) as ClosedRange<UInt8>)
            let client = try Stream(to: culvert.endpoint)
            let line = Array("CONNECT \(origin.authority) HTTP/1.1\r\nHost: a\r\nX: ".utf8)
            try client.send(line + value + end)
            #expect(try client.receiveHead().hasPrefix("HTTP/1.1 200 "))
        }

        @Test func `a head may be cut in two anywhere`() throws {
            let culvert = try Culvert(Culvert.openFlags + ["--workers", "1"])
            let origin = try Origin.echo()
            let target = origin.authority
            let whole = Array(
                "\r\nCONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\nX:y\r\n\r\nearly".utf8
            )
            let streams = try whole.indices.map { place in
                let stream = try Stream(to: culvert.endpoint)
                try stream.send(Array(whole[..<place]))
                return stream
            }
            try culvert.handleAll()
            for (place, stream) in streams.enumerated() {
                try stream.send(Array(whole[place...]))
                #expect(try stream.receiveHead() == "HTTP/1.1 200 Connection established\r\n\r\n")
                #expect(try stream.receive(exactly: 5) == Array("early".utf8))
                stream.close()
            }
            try culvert.expectEmpty()
        }

        @Test func `a head may come byte by byte`() throws {
            let culvert = try Culvert(Culvert.openFlags + ["--workers", "1"])
            let origin = try Origin()
            let stream = try Stream(to: culvert.endpoint)
            for byte in "CONNECT \(origin.authority) HTTP/1.1\r\nHost: a\r\n\r\n".utf8 {
                try stream.send([byte])
                try culvert.handleAll()
            }
            #expect(try stream.receiveHead().hasPrefix("HTTP/1.1 200 "))
        }

        @Test func `the time for a head ends, however many bytes come`() throws {
            let culvert = try Culvert(Culvert.openFlags + ["--head-timeout", "300ms"])
            let silent = try Stream(to: culvert.endpoint)
            let half = try Stream(to: culvert.endpoint)
            try half.send("CONNECT a.test")
            let trickling = try Stream(to: culvert.endpoint)
            try trickling.send(Self.start)
            var sent = 0
            // It goes on until it hears the answer; each line is a good one.
            while !Readiness.comes(trickling.descriptor, POLLIN, within: 20), sent < 1500 {
                try trickling.send([UInt8](["X", ":", "\r", "\n"][sent % 4].utf8))
                sent += 1
            }
            #expect(sent > 1 && sent < 1500)
            for stream in [silent, half, trickling] {
                try Refused(from: stream).expect(408, Self.word)
                stream.close()
            }
            culvert.stop()
            let records = culvert.journal.allAtEnd().compactMap(Culvert.record)
            #expect(records.count == 3)
            for record in records {
                #expect(record["status"] as? Int == 408)
                #expect(record["duration_us"] as? Int ?? 0 >= 300_000)
            }
        }

        @Test func `five hundred slow heads hold nobody up and end in time`() throws {
            let culvert = try Culvert(Culvert.openFlags + ["--head-timeout", "1s"])
            let slow = try (0..<500).map { _ in
                let stream = try Stream(to: culvert.endpoint)
                try stream.send("CONNECT a")
                return stream
            }
            try Tunnel(culvert).exchange()
            for stream in slow { try Refused(from: stream).expect(408, Self.word) }
            for stream in slow { stream.close() }
            _ = try culvert.record("end")
            try Tunnel(culvert).exchange()
        }
    }
}

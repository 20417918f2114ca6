import Foundation
import Internet
import Testing

extension AloneTests {
    /// A long row of lives of every kind.
    @Suite struct Soak {
        private static let flags =
            Culvert.openFlags + [
                "--head-timeout", "100ms", "--connect-timeout", "100ms", "--idle-timeout", "1s",
                "--buffer-size", "16KiB",
            ]

        /// Where the lives go.
        private struct Targets: Sendable {
            let echo: Origin
            /// Resets after the first bytes.
            let resetting: Origin
            /// Ends after the first bytes, and reads on.
            let ending: Origin
            /// Says nothing and never ends by itself.
            let silent: Origin
            /// Refuses.
            let closed: String
            /// Doesn't answer: its backlog is full.
            let hole: BlackHole

            init() throws {
                echo = try Origin.echo("127.0.0.2")
                resetting = try Origin("127.0.0.3") { stream in
                    _ = try stream.receive()
                    stream.reset()
                }
                ending = try Origin("127.0.0.4") { stream in
                    try stream.send("bye")
                    try stream.finish()
                    while try !stream.receive().isEmpty {}
                }
                silent = try Origin("127.0.0.5") { while try !$0.receive().isEmpty {} }
                closed = try Origin("127.0.0.6").authority
                hole = try BlackHole()
            }
        }

        private static func open(
            _ culvert: Culvert,
            _ authority: String,
            _ status: Int,
            early: String = ""
        ) throws -> Stream {
            let stream = try Stream(to: culvert.endpoint)
            try stream.send("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\r\n\(early)")
            let head = try stream.receiveHead()
            guard head.hasPrefix("HTTP/1.1 \(status) ") else {
                throw Stream.Failure(call: "\(authority): \(head)", code: 0)
            }
            return stream
        }

        /// Expects that `stream` ends at last.
        private static func drain(_ stream: Stream) throws { _ = try stream.receiveToEnd() }

        private static func live(_ number: Int, _ culvert: Culvert, _ targets: Targets) throws {
            switch number % 40 {
            case 0:
                let stream = try Stream(to: culvert.endpoint)
                try stream.send("CONNECT slow:443 HT")
                try drain(stream)
            case 1: try drain(open(culvert, targets.hole.authority, 504))
            case 2 where number % 400 == 2: try drain(open(culvert, targets.silent.authority, 200))
            case 2, 3: try drain(open(culvert, targets.closed, 502))
            case 4: try drain(open(culvert, "0.0.0.0:443", 502))
            case 5: try drain(open(culvert, "no port", 400))
            case 6: try open(culvert, targets.echo.authority, 200, early: "gone").reset()
            case 7:
                let stream = try Stream(to: culvert.endpoint)
                try stream.send("CONNECT ")
                stream.reset()
            case 8: try open(culvert, targets.silent.authority, 200).close()
            case 9, 10: try drain(open(culvert, targets.resetting.authority, 200, early: "a"))
            case 11...14:
                let stream = try open(culvert, targets.ending.authority, 200)
                guard try stream.receiveToEnd().bytes == Array("bye".utf8) else {
                    throw Stream.Failure(call: "a farewell was lost", code: 0)
                }
            case 15:
                try echo(culvert, targets, Array(repeating: UInt8(number & 255), count: 200_000))
            default: try echo(culvert, targets, Array("life \(number)".utf8))
            }
        }

        private static func echo(_ culvert: Culvert, _ targets: Targets, _ bytes: [UInt8]) throws {
            let stream = try open(culvert, targets.echo.authority, 200)
            try stream.send(bytes)
            try stream.finish()
            guard try stream.receiveToEnd().bytes == bytes else {
                throw Stream.Failure(call: "an echo was lost", code: 0)
            }
        }

        @Test func `after a hundred thousand lives all stands as it stood`() throws {
            let culvert = try Culvert(Self.flags)
            let targets = try Targets()
            let live: @Sendable (Int) throws -> Void = { try Self.live($0, culvert, targets) }
            try Crew.share(20_000, width: 64, live)
            let before = try culvert.settled()
            let kilobytesBefore = try culvert.residentKilobytes()
            let descriptorsBefore = try culvert.openDescriptors()
            try Crew.share(100_000, width: 64, live)
            let after = try culvert.settled()
            for level in ["openings", "descriptors", "buffers_out", "pipes_out", "tunnels"] {
                #expect(after[level] == 0, "\(level)")
            }
            #expect(after["accepted"] == after["ended"])
            #expect(after["late_completions"] == 0 && after["failed_closes"] == 0)
            #expect(after["shed"] == 0 && after["journal_lost"] == 0)
            #expect(after["accepted"] ?? 0 >= (before["accepted"] ?? 0) + 100_000)
            let pipes = 2 * ((after["pipes_open"] ?? 0) - (before["pipes_open"] ?? 0))
            let descriptors = try culvert.openDescriptors()
            #expect(descriptors.reduce(0, +) == descriptorsBefore.reduce(0, +) + pipes)
            // Memory that lay idle goes back within two seconds.
            try culvert.awaitResident(atMost: kilobytesBefore + 1023)
            #expect(culvert.stop() == 0)
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// The end of the program by a signal, while clients are there in every state.
    @Suite struct Draining {
        private static let full = "connection_limit_reached"

        private func start(_ flags: String...) throws -> Culvert {
            try Culvert(Culvert.openFlags + flags)
        }

        /// How many tunnels were left when the drain began, by the notice.
        private func left(_ culvert: Culvert) throws -> Int {
            let line = try culvert.notices.first { $0.contains("draining: ") }
            let count = line.firstMatch(of: #/draining: (\d+) tunnels are left/#)?.1
            return try #require(count.flatMap { Int($0) })
        }

        /// Says something in `tunnel` now and then until `isOver`, or until it can't any more.
        private func talk(_ tunnel: Tunnel, until isOver: () -> Bool) throws {
            for _ in 0..<3000 {
                if isOver() { return }
                try tunnel.exchange()
                usleep(10_000)
            }
        }

        @Test func `what is idle ends first, what is busy goes on to its end`() throws {
            let culvert = try start("--park-after", "1h")
            let idle = try (0..<3).map { _ in try Tunnel(culvert) }
            let busy = try Tunnel(culvert)
            for tunnel in idle { try tunnel.exchange() }
            try busy.exchange()
            culvert.signal(SIGTERM)
            // Idle is who has said nothing for a second, whenever flows park.
            try talk(busy) {
                idle.allSatisfy { Readiness.comes($0.client.descriptor, POLLIN, within: 0) }
            }
            #expect(try left(culvert) == 4)
            for tunnel in idle {
                for side in Side.allCases { #expect(try tunnel[side].receiveToEnd().end == .fin) }
                try tunnel.expectEnd("drained", by: "proxy")
            }
            #expect(throws: Stream.Failure.self) { try Stream(to: culvert.endpoint) }
            try busy.exchange()
            #expect(culvert.process.isRunning)
            try busy.client.finish()
            #expect(try busy.upstream.receiveToEnd().end == .fin)
            try busy.upstream.finish()
            try busy.expectEnd("closed", by: "client")
            #expect(culvert.waitForEnd() == 0)
            #expect(culvert.notices.allAtEnd().contains { $0.hasSuffix("drained") })
        }

        @Test func `a busy tunnel ends when the time for draining is over`() throws {
            let culvert = try start("--drain-timeout", "700ms")
            let busy = try Tunnel(culvert)
            try busy.exchange()
            let begin = Date.now
            culvert.signal(SIGTERM)
            #expect(throws: (any Error).self) {
                try talk(busy) { false }
            }
            #expect(-begin.timeIntervalSinceNow >= 0.7)
            #expect(culvert.waitForEnd() == 0)
            try busy.expectEnd("drained", by: "proxy")
            let words = "drained, but 1 tunnels were cut off after --drain-timeout"
            #expect(culvert.notices.allAtEnd().contains { $0.hasSuffix(words) })
        }

        @Test func `who waits for an answer isn't idle`() throws {
            let culvert = try start("--drain-timeout", "30s")
            let idle = try Tunnel(culvert)
            let waiting = try Tunnel(culvert)
            for tunnel in [idle, waiting] { try tunnel.exchange() }
            try waiting.client.send("GET")
            #expect(try waiting.upstream.receive(exactly: 3) == Array("GET".utf8))
            culvert.signal(SIGTERM)
            #expect(try idle.client.receiveToEnd().end == .fin)
            try idle.expectEnd("drained", by: "proxy")
            try waiting.upstream.send("200")
            try waiting.upstream.finish()
            let (answer, end) = try waiting.client.receiveToEnd()
            #expect(answer == Array("200".utf8) && end == .fin)
            try waiting.client.finish()
            try waiting.expectEnd("closed", by: "upstream")
            #expect(culvert.waitForEnd() == 0)
            #expect(culvert.notices.allAtEnd().contains { $0.hasSuffix(" drained") })
        }

        @Test func `who has its answer is idle a second later`() throws {
            let culvert = try start("--drain-timeout", "30s")
            let tunnel = try Tunnel(culvert)
            try tunnel.client.send("GET")
            #expect(try tunnel.upstream.receive(exactly: 3) == Array("GET".utf8))
            culvert.signal(SIGTERM)
            #expect(try left(culvert) == 1)
            try tunnel.upstream.send("200")
            let (answer, end) = try tunnel.client.receiveToEnd()
            #expect(answer == Array("200".utf8) && end == .fin)
            let record = try tunnel.expectEnd("drained", by: "proxy")
            #expect(record["duration_us"] as? Int ?? .max < 8_000_000)
            #expect(culvert.waitForEnd() == 0)
        }

        @Test func `whose answer doesn't come is silent in the end`() throws {
            let culvert = try start("--drain-timeout", "6s")
            let waiting = try Tunnel(culvert)
            try waiting.exchange()
            try waiting.client.send("GET")
            #expect(try waiting.upstream.receive(exactly: 3) == Array("GET".utf8))
            culvert.signal(SIGTERM)
            #expect(try waiting.client.receiveToEnd().end == .fin)
            let end = try waiting.expectEnd("drained", by: "proxy")
            // A third of the time, and not all of it.
            let lasted = end["duration_us"] as? Int ?? 0
            #expect(lasted >= 2_000_000 && lasted < 6_000_000)
            #expect(culvert.waitForEnd() == 0)
        }

        @Test func `a second signal ends all at once`() throws {
            let culvert = try start("--drain-timeout", "1h")
            let tunnel = try Tunnel(culvert)
            _ = try tunnel.client.fill(.outbound)
            culvert.signal(SIGTERM)
            #expect(try left(culvert) == 1)
            culvert.signal(SIGINT)
            #expect(culvert.waitForEnd() == 0)
            #expect(try tunnel.upstream.receiveToEnd(.outbound).end == .reset)
            try tunnel.expectEnd("stopped", by: "proxy")
            let words = "stopped at once by a second signal: 1 tunnels were cut off"
            #expect(culvert.notices.allAtEnd().contains { $0.hasSuffix(words) })
        }

        @Test func `who isn't served yet is told to try again`() throws {
            let names = try NameServer { _ in .silence }
            let hole = try BlackHole("127.0.0.1", port: 0)
            let culvert = try Culvert(Culvert.openFlags + names.flags + ["--workers", "1"])
            let requests = [
                "", "CONNECT a", "CONNECT silent.test:443 HTTP/1.1\r\nHost: a\r\n\r\n",
                "CONNECT \(hole.authority) HTTP/1.1\r\nHost: a\r\n\r\n",
            ]
            let opening = try requests.map { request in
                let stream = try Stream(to: culvert.endpoint)
                try stream.send(request)
                return stream
            }
            try culvert.handleAll()
            culvert.signal(SIGTERM)
            for stream in opening {
                let refused = try Refused(from: stream)
                refused.expect(503, Self.full)
                #expect(refused.body.contains("shutting down"))
                stream.close()
            }
            #expect(culvert.waitForEnd() == 0)
        }

        @Test func `who waits to be accepted is answered before the end`() throws {
            let culvert = try start("--workers", "2")
            let origin = try Origin.echo()
            try culvert.pause()
            let waiting = try (0..<100).map { number in
                let stream = try Stream(to: culvert.endpoint)
                // Some have asked, others have only connected.
                if number % 2 == 0 {
                    try stream.send("CONNECT \(origin.authority) HTTP/1.1\r\nHost: a\r\n\r\n")
                }
                return stream
            }
            culvert.signal(SIGTERM)
            culvert.resume()
            for stream in waiting {
                let head = try stream.receiveHead()
                let isAnswered = head.hasPrefix("HTTP/1.1 503 ") || head.hasPrefix("HTTP/1.1 200 ")
                #expect(isAnswered, "\(head.debugDescription)")
                stream.close()
            }
            #expect(culvert.waitForEnd() == 0)
        }

        @Test func `a standard error that nobody reads doesn't hold up the end`() throws {
            let origin = try Origin.echo()
            let authority = "127.0.0.1:\(try Origin.freePort())"
            let process = try Program.prepare(
                try Culvert.program,
                ["--listen", authority] + Culvert.openFlags
            )
            let errors = Pipe()
            // A page of it is soon full.
            let pipeSize: Int32 = 1031  // F_SETPIPE_SZ
            #expect(fcntl(errors.fileHandleForWriting.fileDescriptor, pipeSize, 4096) == 4096)
            process.standardError = errors
            process.standardInput = FileHandle.nullDevice
            let ended = DispatchSemaphore(value: 0)
            process.terminationHandler = { _ in ended.signal() }
            try Program.start(process)
            defer { if process.isRunning { kill(-process.processIdentifier, SIGKILL) } }
            let first = try errors.fileHandleForReading.read(upToCount: 1)
            #expect(first?.count == 1)
            for _ in 0..<100 {
                kill(process.processIdentifier, SIGUSR1)
                usleep(1000)
            }
            let stream = try Stream(to: try #require(Endpoint(authority)))
            try stream.send("CONNECT \(origin.authority) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try stream.receiveHead().hasPrefix("HTTP/1.1 200 "))
            stream.close()
            kill(process.processIdentifier, SIGTERM)
            try #require(ended.wait(timeout: .now() + 30) == .success)
            #expect(process.terminationStatus == 0)
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `without a client it ends at once`(signal: Int32) throws {
            let culvert = try start()
            #expect(culvert.stop(signal) == 0)
            #expect(culvert.notices.allAtEnd().contains { $0.hasSuffix("drained") })
        }
    }
}

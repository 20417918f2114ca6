import Foundation
import Testing

extension AloneTests {
    /// Streams of the tunnel without CONNECT that stand idle.
    @Suite struct MethodIdle {
        /// A session with `count` streams, whose client waits in a long poll.
        private struct Crowd {
            let session: MethodSession
            let poll: Stream

            init(_ culvert: Culvert, _ authority: String, streams count: Int) throws {
                session = try MethodSession(culvert)
                try session.make()
                try session.openStreams(count, authority)
                poll = try Stream(to: culvert.endpoint)
                try poll.send(session.request("GET", "-/poll/0/0/55/100000"))
            }
        }

        private static let count =
            ProcessInfo.processInfo.environment["CULVERT_IDLE_STREAMS"].flatMap { Int($0) } ?? 1500

        @Test(arguments: [false, true])
        func `idle streams cost less than a kilobyte each, and no time`(
            hasJournal: Bool
        ) throws {
            let folder = try Folder()
            let journal = hasJournal ? ["--journal", folder.path("journal")] : []
            // Where 20,000 files may be open a worker takes somewhat less than 10,000 tunnels.
            let workers = Self.count > 9000 ? "2" : "1"
            let flags =
                ["--workers", workers, "--max-sessions-per-user", "100", "--idle-timeout", "0"]
                + journal
            let command = [try Culvert.program, "--listen", "127.0.0.1:0"]
            let culvert = try Culvert(command: command + MethodTunnels.flags + flags)
            let origin = try Origin(backlog: 4096)
            var upstreams: [Stream] = []
            var crowds: [Crowd] = []
            func add(_ streams: Int) throws {
                crowds.append(try Crowd(culvert, origin.authority, streams: streams))
                upstreams += try (0..<streams).map { _ in try origin.accept() }
            }
            // What only the first of all takes is not theirs.
            try add(100)
            while try culvert.status()["carriers"] != crowds.count {}
            let before = try culvert.residentKilobytes()
            var left = Self.count
            while left > 0 {
                try add(min(left, 500))
                left -= 500
            }
            while try culvert.status()["carriers"] != crowds.count {}
            try culvert.awaitResident(atMost: before + Self.count)
            let grown = try culvert.residentKilobytes() - before
            let ticks = try culvert.processorTicks()
            Thread.sleep(forTimeInterval: 1)
            let spent = try culvert.processorTicks() - ticks
            #expect(spent <= 2)
            if Self.count > 1500 {
                let words = hasJournal ? "with" : "without"
                print("\(grown * 1024 / Self.count) bytes a stream \(words) a journal")
                print("\(spent * 10) ms of CPU in a second")
            }
            // All of them are alive.
            #expect(try culvert.status()["tunnels"] == Self.count + 100)
            let last = try #require(crowds.last)
            try #require(upstreams.last).send("x")
            let reply = try MethodSession.reply(on: last.poll)
            #expect(MethodSession.Frame.all(in: reply.rest).map(\.payload) == [[0x78]])
        }
    }
}

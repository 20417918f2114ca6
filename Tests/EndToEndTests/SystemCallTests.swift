import Foundation
import Testing

extension AloneTests {
    /// What a worker asks of the kernel other than through its ring.
    @Suite struct SystemCallCounts {
        @Test func `ten thousand short tunnels enter the kernel less than once each`() throws {
            let culvert = try Culvert(Culvert.openFlags + ["--workers", "1"])
            let origin = try Origin.echo()
            let open: @Sendable (Int) throws -> Void = { number in
                let tunnel = try Stream.tunnel(culvert, to: origin.authority)
                let text = Array("tunnel \(number)".utf8)
                try tunnel.send(text)
                guard try tunnel.receive(exactly: text.count) == text else {
                    throw Stream.Failure(call: "a wrong echo", code: 0)
                }
                try tunnel.finish()
                _ = try tunnel.receiveToEnd()
            }
            // The first ones make what is kept, such as the memory of slots.
            try Crew.share(100, width: 64, open)
            let calls = try SystemCalls(of: culvert) {
                try Crew.share(10_000, width: 64, open)
            }.counts
            let table = calls.sorted { $0.value > $1.value }
                .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            print("calls of a worker for 10,000 tunnels: \(table)")
            let entered = try #require(calls["io_uring_enter"])
            #expect(entered < 10_000)
            // A socket is made, shut down and given its options by calls that cost less than a
            // submission, and the journal asks who came; nothing else is called for a tunnel. What
            // is called each second, to give back what lies idle, is more the slower they come.
            let allowed: Set = [
                "io_uring_enter", "socket", "setsockopt", "shutdown", "getpeername",
            ]
            #expect(calls.filter { !allowed.contains($0.key) && $0.value > 500 } == [:])
            let forbidden = [
                "epoll", "read", "write", "recv", "send", "accept", "connect", "poll", "select",
            ]
            for name in calls.keys {
                #expect(!forbidden.contains { name.hasPrefix($0) }, "\(name)")
            }
        }
    }
}

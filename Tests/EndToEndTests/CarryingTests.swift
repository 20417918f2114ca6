import Internet
import Testing

extension EndToEndTests {
    /// Tunnels that carry bytes.
    @Suite struct Carrying {
        @Test(arguments: ["auto", "copy", "splice", "ring-splice"])
        func `bytes come back as they went`(mode: String) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode])
            let origin = try Origin.echo()
            let tunnel = try Stream.tunnel(culvert, to: origin.authority, early: [1, 2, 3])
            #expect(try tunnel.receive(exactly: 3) == [1, 2, 3])
            try tunnel.send("hello")
            #expect(try tunnel.receive(exactly: 5) == Array("hello".utf8))
            try tunnel.finish()
            let rest = try tunnel.receiveToEnd()
            #expect(rest.bytes.isEmpty && rest.end == .fin)
            let end = try culvert.end(of: origin.authority)
            #expect(end["reason"] as? String == "closed")
            #expect(end["bytes_out"] as? Int == 8)
            #expect(try culvert.status()["tunnels"] == 0)
            #expect(culvert.stop() == 0)
        }
    }
}

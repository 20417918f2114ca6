import Foundation
import Testing

extension EndToEndTests {
    /// TCP's urgent data, before whose mark splice(2) stops as if the stream were at its end.
    @Suite struct UrgentData {
        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `urgent data amid others holds nothing up`(mode: String, side: Side) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode])
            let tunnel = try Tunnel(culvert)
            try tunnel.exchange()
            for round in 0..<3 {
                let start = round * 5000
                try tunnel[side].send(side.pattern, start..<start + 2000)
                try tunnel[side].sendUrgent(0)
                try tunnel[side].send(side.pattern, start + 2000..<start + 5000)
                try tunnel[side.other].receive(side.pattern, start..<start + 5000)
            }
            let before = try culvert.processorTicks()
            usleep(500_000)
            #expect(try culvert.processorTicks() - before < 20)
            try tunnel.exchange()
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `bulk behind urgent data arrives before its FIN`(mode: String, side: Side) throws {
            // Every flow is soon bulk.
            let flags = ["--relay", mode, "--buffer-size", "4KiB", "--promote-after", "1"]
            let culvert = try Culvert(Culvert.openFlags + flags)
            let tunnel = try Tunnel(culvert)
            try Crew.run([
                {
                    try tunnel[side].send(side.pattern, 0..<4_000_000)
                    try tunnel[side].sendUrgent(0)
                    try tunnel[side].send(side.pattern, 4_000_000..<5_000_000)
                    try tunnel[side].finish()
                },
                {
                    let (count, end) = try tunnel[side.other].receiveToEnd(side.pattern)
                    #expect(count == 5_000_000 && end == .fin)
                },
            ])
            try tunnel[side.other].finish()
            try tunnel.expectEnd("closed", by: side.rawValue)
            try culvert.expectEmpty()
        }
    }
}

import Foundation
import Testing

extension EndToEndTests {
    /// Readers that don't read, on either side.
    @Suite struct SlowReaders {
        private static let many = 64 << 20

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `a reader that waits costs little, and gets every byte in the end`(
            mode: String,
            sender: Side
        ) throws {
            let culvert = try Culvert(Culvert.openFlags + ["--relay", mode, "--workers", "1"])
            let descriptors = try culvert.workerDescriptors
            let neighbour = try Tunnel(culvert)
            try neighbour.exchange()
            let before = try culvert.residentKilobytes()
            let tunnel = try Tunnel(culvert)
            let sent = try tunnel[sender].fill(sender.pattern, upTo: Self.many)
            #expect(sent < Self.many)
            try neighbour.exchange()
            try Crew.run([
                {
                    try tunnel[sender].send(sender.pattern, sent..<Self.many)
                    try tunnel[sender].finish()
                },
                {
                    let (count, end) = try tunnel[sender.other].receiveToEnd(sender.pattern)
                    #expect(count == Self.many && end == .fin)
                },
            ])
            // All buffers serve in turn: there are 512 of 64 KiB.
            #expect(try culvert.residentKilobytes() - before < 34 << 10)
            try culvert.awaitResident(atMost: before + (2 << 10))
            try neighbour.exchange()
            for tunnel in [tunnel, neighbour] { for side in Side.allCases { tunnel[side].close() } }
            try culvert.expectEmpty(descriptors: descriptors)
        }

        /// Many stalled tunnels on one worker; how far its memory may grow, in MiB: all buffers, or
        /// half of them and a block for each tunnel that has to give its own up.
        @Test(
            arguments: Culvert.relayModes,
            [(["--pipe-size", "64KiB"], 40), (["--buffers", "16", "--pipes", "1"], 16)]
        )
        func `two hundred readers that wait hold nobody up`(
            mode: String,
            limits: (flags: [String], growth: Int)
        ) throws {
            let sockets = ["--send-buffer", "32KiB", "--receive-buffer", "32KiB"]
            let flags = ["--relay", mode, "--workers", "1"] + sockets + limits.flags
            let culvert = try Culvert(Culvert.openFlags + flags)
            let descriptors = try culvert.workerDescriptors
            let neighbour = try Tunnel(culvert)
            try neighbour.exchange()
            let before = try culvert.residentKilobytes()
            let tunnels = try (0..<200).map { _ in try Tunnel(culvert) }
            for _ in 0..<3 {
                for (index, tunnel) in tunnels.enumerated() {
                    let sender = Side.allCases[index % 2]
                    _ = try tunnel[sender].fill(sender.pattern, within: 0)
                }
                try neighbour.exchange()
            }
            #expect(try culvert.residentKilobytes() - before < limits.growth << 10)
            try neighbour.exchange()
            try Tunnel(culvert).exchange()
            let used = try culvert.processorTicks()
            usleep(500_000)
            #expect(try culvert.processorTicks() - used < 20)
            for tunnel in tunnels { tunnel.client.reset() }
            neighbour.client.reset()
            try culvert.expectEmpty(descriptors: descriptors)
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `readers that have ended and wait cost no processor time and hold nobody up`(
            mode: String,
            sender: Side
        ) throws {
            let sockets = ["--send-buffer", "32KiB", "--receive-buffer", "32KiB"]
            let flags = ["--relay", mode, "--workers", "1"] + sockets
            let culvert = try Culvert(Culvert.openFlags + flags)
            let descriptors = try culvert.workerDescriptors
            let tunnels = try (0..<30).map { _ in try Tunnel(culvert) }
            for tunnel in tunnels {
                try tunnel[sender.other].finish()
                _ = try tunnel[sender].fill(sender.pattern, within: 0)
            }
            let last = try Tunnel(culvert)
            try last[sender.other].finish()
            let sent = try last[sender].fill(sender.pattern)
            let used = try culvert.processorTicks()
            usleep(500_000)
            #expect(try culvert.processorTicks() - used < 20)
            // The last of them reads, and gets all.
            try Crew.run([
                {
                    try last[sender].send(sender.pattern, sent..<sent + 1_000_000)
                    try last[sender].finish()
                },
                {
                    let (count, end) = try last[sender.other].receiveToEnd(sender.pattern)
                    #expect(count == sent + 1_000_000 && end == .fin)
                },
            ])
            for tunnel in tunnels { tunnel[sender].reset() }
            try culvert.expectEmpty(descriptors: descriptors)
        }
    }
}

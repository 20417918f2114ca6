import Foundation
import Testing

extension EndToEndTests {
    /// RST from either side, in every state of an established tunnel.
    ///
    /// Here each kind of socket and pipe holds little, so that it is soon full.
    @Suite struct Resets {
        private static let flags =
            Culvert.openFlags
            + ["--send-buffer", "64KiB", "--receive-buffer", "64KiB", "--pipe-size", "64KiB"]
        private static let systemCodes = [Int(ECONNRESET), Int(EPIPE)]

        private func start(_ mode: String, _ flags: [String] = []) throws -> Culvert {
            try Culvert(Self.flags + ["--relay", mode] + flags)
        }

        /// Runs `body` on a tunnel, after which nothing may be left of it.
        private func leavesNothing(
            _ mode: String,
            _ flags: [String] = [],
            _ body: (Tunnel) throws -> Void
        ) throws {
            let culvert = try start(mode, flags)
            let descriptors = try culvert.workerDescriptors
            let tunnel = try Tunnel(culvert)
            try body(tunnel)
            // Both ends are still open here.
            try withExtendedLifetime(tunnel) {
                try culvert.expectEmpty(descriptors: descriptors)
            }
        }

        /// Resets `side` of `tunnel`, and expects that the other side is reset and all is told.
        @discardableResult
        private func reset(_ side: Side, of tunnel: Tunnel) throws -> Culvert.Record {
            tunnel[side].reset()
            let (_, end) = try tunnel[side.other].receiveToEnd(side.pattern)
            #expect(end == .reset)
            return try expectReset(tunnel, by: side)
        }

        @discardableResult
        private func expectReset(_ tunnel: Tunnel, by side: Side?) throws -> Culvert.Record {
            let end = try tunnel.expectEnd("reset", by: side?.rawValue)
            #expect(Self.systemCodes.contains(end["errno"] as? Int ?? 0))
            return end
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `a reset right after the answer is passed on`(mode: String, side: Side) throws {
            try leavesNothing(mode) { tunnel in
                let end = try reset(side, of: tunnel)
                #expect(end["bytes_out"] as? Int == 0)
                #expect(end["bytes_in"] as? Int == 0)
            }
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `a reset of an idle tunnel is passed on`(mode: String, side: Side) throws {
            try leavesNothing(mode) { tunnel in
                try tunnel.exchange()
                let end = try reset(side, of: tunnel)
                #expect(end["bytes_out"] as? Int == 15)
                #expect(end["bytes_in"] as? Int == 13)
            }
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `a reset of a parked tunnel is passed on`(mode: String, side: Side) throws {
            try leavesNothing(mode, ["--park-after", "20ms"]) { tunnel in
                try tunnel.exchange()
                // Nothing tells from outside that a tunnel has parked.
                usleep(100_000)
                try reset(side, of: tunnel)
            }
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `a reset amid bytes both ways is passed on`(mode: String, side: Side) throws {
            try leavesNothing(mode) { tunnel in
                // Whichever of its calls comes first is told of the reset, and only that one.
                let resets = DispatchSemaphore(value: 0)
                try Crew.run([
                    {
                        do {
                            try tunnel[side.other].send(side.other.pattern, 0..<1 << 40)
                        } catch let failure as Stream.Failure {
                            if failure.code == ECONNRESET { resets.signal() }
                        }
                    },
                    {
                        try tunnel[side].receive(side.other.pattern, 0..<4 << 20)
                        tunnel[side].reset()
                    },
                    { try tunnel[side].send(side.pattern, 0..<1 << 20) },
                    {
                        let (_, end) = try tunnel[side.other].receiveToEnd(side.pattern)
                        if end == .reset { resets.signal() }
                    },
                ])
                #expect(resets.wait(timeout: .now()) == .success)
                let end = try expectReset(tunnel, by: side)
                let name = side == .client ? "bytes_in" : "bytes_out"
                #expect(end[name] as? Int ?? 0 >= 4 << 20)
            }
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `a source that resets behind a full buffer or pipe is noticed at once`(
            mode: String,
            side: Side
        ) throws {
            let (tunnel, descriptors) = try stalled(mode, from: side)
            try reset(side, of: tunnel)
            try expectNoUsedPipe(tunnel.culvert, descriptors)
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `a sink that resets before a full buffer or pipe is noticed at once`(
            mode: String,
            side: Side
        ) throws {
            let (tunnel, descriptors) = try stalled(mode, from: side)
            try reset(side.other, of: tunnel)
            try expectNoUsedPipe(tunnel.culvert, descriptors)
        }

        /// A tunnel in which `side` has sent as much as goes in, and what was open before.
        private func stalled(_ mode: String, from side: Side) throws -> (Tunnel, Int) {
            let culvert = try start(mode)
            let descriptors = try culvert.workerDescriptors
            let tunnel = try Tunnel(culvert)
            #expect(try tunnel[side].fill(side.pattern) > 64 << 10)
            let levels = try culvert.status()
            #expect((levels["pipes_out"] ?? 0) + (levels["buffers_out"] ?? 0) == 1)
            if mode.hasSuffix("splice") { #expect(levels["pipes_out"] == 1) }
            if mode == "copy" { #expect(levels["buffers_out"] == 1) }
            return (tunnel, descriptors)
        }

        /// Expects that `culvert` holds nothing, and that no byte of a pipe that was full comes out
        /// in another tunnel.
        private func expectNoUsedPipe(_ culvert: Culvert, _ descriptors: Int) throws {
            try culvert.expectEmpty(descriptors: descriptors)
            let tunnel = try Tunnel(culvert)
            for side in Side.allCases {
                try Crew.run([
                    { try tunnel[side].send(side.pattern, 0..<1 << 20) },
                    { try tunnel[side.other].receive(side.pattern, 0..<1 << 20) },
                ])
            }
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `a half-closed tunnel is reset by the side that still sends`(
            mode: String,
            first: Side
        ) throws {
            try leavesNothing(mode) { tunnel in
                try tunnel[first].finish()
                #expect(try tunnel[first.other].receiveToEnd().end == .fin)
                try reset(first.other, of: tunnel)
            }
        }

        /// The other side lingers meanwhile, for seconds, so all cases wait at the same time.
        @Test func `a side that resets after its FIN ends the tunnel`() throws {
            try Crew.run(
                Culvert.relayModes.flatMap { mode -> [@Sendable () throws -> Void] in
                    Side.allCases.map { side in { try expectEnd(mode, resetBehindFIN: side) } }
                }
            )
        }

        private func expectEnd(_ mode: String, resetBehindFIN first: Side) throws {
            try leavesNothing(mode) { tunnel in
                try tunnel[first].finish()
                #expect(try tunnel[first.other].receiveToEnd().end == .fin)
                tunnel[first].reset()
                try expectReset(tunnel, by: first)
                // It has had its FIN, and gets no reset on top of it.
                #expect(try tunnel[first.other].receive().isEmpty)
            }
        }

        @Test(arguments: Culvert.relayModes, Side.allCases)
        func `a source that resets after a FIN behind a full buffer or pipe is noticed`(
            mode: String,
            side: Side
        ) throws {
            let (tunnel, descriptors) = try stalled(mode, from: side)
            try tunnel[side].finish()
            // The FIN has come before the reset does.
            usleep(50_000)
            tunnel[side].reset()
            try expectReset(tunnel, by: side)
            #expect(try tunnel[side.other].receiveToEnd(side.pattern).end == .reset)
            try expectNoUsedPipe(tunnel.culvert, descriptors)
        }

        @Test(arguments: Culvert.relayModes)
        func `two resets that come at one moment end the tunnel once`(mode: String) throws {
            let culvert = try start(mode)
            let descriptors = try culvert.workerDescriptors
            let tunnel = try Tunnel(culvert)
            try tunnel.exchange()
            try culvert.pause()
            for side in Side.allCases { tunnel[side].reset() }
            culvert.resume()
            try expectReset(tunnel, by: nil)
            try culvert.expectEmpty(descriptors: descriptors)
            #expect(culvert.stop() == 0)
            #expect(culvert.journal.allAtEnd().count == 2)
        }

        @Test(arguments: Culvert.relayModes)
        func `a reset ends a tunnel that is stalled both ways`(mode: String) throws {
            let culvert = try start(mode)
            let descriptors = try culvert.workerDescriptors
            for side in Side.allCases {
                let tunnel = try Tunnel(culvert)
                for side in Side.allCases { _ = try tunnel[side].fill(side.pattern) }
                try reset(side, of: tunnel)
            }
            try expectNoUsedPipe(culvert, descriptors)
        }
    }
}

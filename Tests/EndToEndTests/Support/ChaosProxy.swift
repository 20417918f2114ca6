import Foundation
import Internet
import Synchronization
import Testing

/// A proxy before a server of the tunnel that does to requests and answers whatever can be done to
/// them: what becomes of which request follows from a seed.
final class ChaosProxy: Sendable {
    /// What a network does, per mille of its requests; all of it follows from a seed.
    private struct Weather: Sendable {
        var lost = 0
        var cutRequest = 0
        var lostAnswer = 0
        var cutAnswer = 0
        var repeated = 0
        var refused = 0
        var swapped = 0
        var doubled = 0
        var silent = 0
        /// Milliseconds by which a request is late, at most.
        var delay = 0
        /// Answers are passed on whole.
        var buffers = false
        /// Milliseconds that an answer may take.
        var timeLimit: Int?

        init(_ dice: inout Dice, mayBeSilent: Bool) {
            func roll(_ dice: inout Dice) -> Int { dice.chance(500) ? dice.below(100) : 0 }
            lost = roll(&dice)
            cutRequest = roll(&dice)
            lostAnswer = roll(&dice)
            cutAnswer = roll(&dice) * 2
            repeated = roll(&dice) * 2
            refused = roll(&dice) / 2
            swapped = roll(&dice) / 2
            doubled = roll(&dice) / 4
            silent = mayBeSilent ? dice.pick([0, 0, 0, 5]) : 0
            delay = dice.pick([0, 5, 50, 200])
            buffers = dice.chance(300)
            timeLimit = dice.chance(300) ? dice.pick([500, 2500, 6000]) : nil
        }
    }

    private struct State {
        var requests: UInt64 = 0
        /// An answer that came whole, to be given to another request.
        var kept: [UInt8] = []
    }

    /// Where clients connect to.
    let endpoint: Endpoint
    private let origin: Origin

    /// Stands before `server`; requests may stay without any answer if `mayBeSilent`.
    init(before server: Endpoint, seed: UInt64, mayBeSilent: Bool) throws {
        let line = Line(server: server, seed: seed, mayBeSilent: mayBeSilent)
        origin = try Origin { try line.serve($0) }
        endpoint = origin.endpoint
    }

    private final class Line: Sendable {
        private let server: Endpoint
        private let seed: UInt64
        private let weather: Weather
        private let state = Mutex(State())

        init(server: Endpoint, seed: UInt64, mayBeSilent: Bool) {
            self.server = server
            self.seed = seed
            var dice = Dice(seed)
            weather = Weather(&dice, mayBeSilent: mayBeSilent)
        }

        /// Serves a connection of the client, one request after another.
        func serve(_ client: Stream) throws {
            var reader = MessageReader(client)
            while let head = try reader.head() {
                let request = Array(head.utf8) + (try reader.body())
                let number = state.withLock { state in
                    state.requests += 1
                    return state.requests
                }
                var dice = Dice(seed &+ number &* 0x1_0000_0001)
                let isMake = head.contains("/make/")
                guard try serve(request, isMake: isMake, client, &dice) else { return }
            }
        }

        /// What becomes of a request; whether its connection goes on.
        private func serve(
            _ request: [UInt8],
            isMake: Bool,
            _ client: Stream,
            _ dice: inout Dice
        ) throws -> Bool {
            if weather.delay > 0 { pause(dice.below(weather.delay)) }
            if dice.chance(weather.lost) { return Self.cut(client, &dice) }
            if dice.chance(weather.silent) {
                pause(40_000)
                return Self.cut(client, &dice)
            }
            if dice.chance(weather.refused) {
                let statuses = isMake ? [502, 504] : [400, 403, 404, 405, 408, 413, 502, 503, 504]
                try client.send(Self.refusal(dice.pick(statuses)))
                return true
            }
            if dice.chance(weather.repeated) { repeatLater(request, &dice) }
            let server = try Stream(to: server)
            if dice.chance(weather.cutRequest) {
                try server.send(Array(request.prefix(dice.below(request.count))))
                if dice.chance(500) { server.reset() } else { server.close() }
                return Self.cut(client, &dice)
            }
            try server.send(request)
            return try passOn(server, client, &dice)
        }

        /// Passes an answer on, as far as it may come; whether the connection goes on.
        private func passOn(
            _ server: Stream,
            _ client: Stream,
            _ dice: inout Dice
        ) throws -> Bool {
            var reader = MessageReader(server)
            guard let head = try reader.head() else { return Self.cut(client, &dice) }
            let isLost = dice.chance(weather.lostAnswer)
            let isCut = isLost || dice.chance(weather.cutAnswer)
            var left = isLost ? 0 : isCut ? dice.below(dice.pick([400, 3000, 60_000])) : Int.max
            let isSwapped = dice.chance(weather.swapped)
            let limit = weather.timeLimit.map { Date(timeIntervalSinceNow: Double($0) / 1000) }
            var whole = Array(head.utf8)
            let streams = !weather.buffers && !isSwapped
            if streams { try Self.send(Array(head.utf8), client, &left) }
            while left > 0, !reader.isAtEnd, try Self.isInTime(server, reader, limit),
                let piece = try reader.piece()
            {
                whole += piece
                if streams { try Self.send(piece, client, &left) }
            }
            if left == 0 || !reader.isAtEnd { return Self.cut(client, &dice) }
            var answer = whole
            if isSwapped {
                answer = state.withLock { state in
                    let other = state.kept.isEmpty ? whole : state.kept
                    state.kept = whole
                    return other
                }
            }
            if !streams { try Self.send(answer, client, &left) }
            if dice.chance(weather.doubled) { try Self.send(answer, client, &left) }
            return left > 0 ? true : Self.cut(client, &dice)
        }

        /// Sends as much of `bytes` as may still pass.
        private static func send(_ bytes: [UInt8], _ client: Stream, _ left: inout Int) throws {
            let count = min(left, bytes.count)
            try client.send(Array(bytes.prefix(count)))
            left -= count
        }

        /// Whether more of the answer comes before `limit`.
        private static func isInTime(
            _ server: Stream,
            _ reader: MessageReader,
            _ limit: Date?
        ) throws -> Bool {
            guard let limit, !reader.hasMore else { return true }
            let left = Int32(max(0, limit.timeIntervalSinceNow * 1000))
            return Readiness.comes(server.descriptor, POLLIN, within: left)
        }

        /// The server gets the request once more, now or later; nobody gets the answer.
        private func repeatLater(_ request: [UInt8], _ dice: inout Dice) {
            let delay = dice.pick([0, 0, 20, 300, 2000])
            let server = server
            Foundation.Thread.detachNewThread { [self] in
                pause(delay)
                guard let stream = try? Stream(to: server) else { return }
                try? stream.send(request)
                var reader = MessageReader(stream)
                if (try? reader.head()) != nil { _ = try? reader.body() }
                stream.close()
            }
        }

        private static func cut(_ client: Stream, _ dice: inout Dice) -> Bool {
            if dice.chance(500) { client.reset() } else { client.close() }
            return false
        }

        private static func refusal(_ status: Int) -> [UInt8] {
            let text = "<html>\(status)</html>"
            return Array(
                "HTTP/1.1 \(status) No\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)".utf8
            )
        }

        /// Late is what the network is meant to be.
        private func pause(_ milliseconds: Int) {
            Foundation.Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
        }
    }
}

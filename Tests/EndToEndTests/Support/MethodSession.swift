import Foundation
import Testing

/// A client of the tunnel without CONNECT, as docs/method-tunnel.md has it, that does what a test
/// says, be it right or wrong.
final class MethodSession {
    /// What came of a request.
    struct Reply {
        let status: Int
        let head: String
        let body: [UInt8]

        /// The preamble's result; nil if the answer has no preamble.
        var result: Int? { hasPreamble ? Int(body[5]) : nil }
        /// The status of a refused `open`.
        var refusedStatus: Int { Int(body[6]) << 8 | Int(body[7]) }
        var serial: UInt64 { Frame.number(body[8..<16]) }
        var value: UInt64 { Frame.number(body[16..<24]) }
        /// What stands behind the preamble.
        var rest: [UInt8] { Array(body.dropFirst(24)) }
        private var hasPreamble: Bool { body.starts(with: "CVMT\u{1}".utf8) && body.count >= 24 }
    }

    /// One frame of a lane.
    struct Frame: Equatable {
        enum Kind: UInt8 { case data = 1, end, reset, window, done, kept, pad, drain }

        var kind: UInt8
        var code: UInt8 = 0
        var stream: UInt32 = 0
        var position: UInt64 = 0
        var payload: [UInt8] = []

        init(
            _ kind: Kind,
            code: UInt8 = 0,
            stream: UInt32 = 0,
            position: UInt64 = 0,
            payload: [UInt8] = []
        ) {
            self.kind = kind.rawValue
            self.code = code
            self.stream = stream
            self.position = position
            self.payload = payload
        }

        var bytes: [UInt8] {
            [kind, code] + Self.bytes(UInt64(payload.count), 2) + Self.bytes(UInt64(stream), 4)
                + Self.bytes(position, 8) + payload
        }

        /// The frames that stand in `lane`, without the last one if it is cut.
        static func all(in lane: [UInt8]) -> [Frame] {
            var frames: [Frame] = []
            var rest = lane[...]
            while rest.count >= 16 {
                let header = Array(rest.prefix(16))
                let count = Int(number(header[2..<4]))
                guard rest.count >= 16 + count else { break }
                var frame = Frame(.pad, code: header[1])
                frame.kind = header[0]
                frame.stream = UInt32(number(header[4..<8]))
                frame.position = number(header[8..<16])
                frame.payload = Array(rest.dropFirst(16).prefix(count))
                frames.append(frame)
                rest = rest.dropFirst(16 + count)
            }
            return frames
        }

        static func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
        }

        static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
            bytes.reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    let culvert: Culvert
    /// The field with credentials, if there is one.
    private let credentials: String
    private var serial = UInt64.random(in: 1...1 << 61)
    var id = ""
    private(set) var parameters: [Int: Int] = [:]
    /// Bytes that were put on each up lane.
    private(set) var sent: [UInt64] = [0, 0, 0, 0]
    /// What has come of each down lane.
    var lanes: [[UInt8]] = [[], [], [], []]

    /// Makes a session on `culvert`, whose tunnel is at /tunnel.
    init(_ culvert: Culvert, credentials: String? = nil) throws {
        self.culvert = culvert
        let text = credentials.map { Data($0.utf8).base64EncodedString() }
        self.credentials = text.map { "Authorization: Basic \($0)\r\n" } ?? ""
    }

    /// Makes the session; `nonce` has 16 bytes.
    @discardableResult
    func make(_ nonce: [UInt8] = nonce(), _ parameters: [Int: Int] = [:]) throws -> Reply {
        let body = parameters.reduce(into: nonce) {
            $0 += Frame.bytes(UInt64($1.key), 4) + Frame.bytes(UInt64($1.value), 4)
        }
        let reply = try ask("POST", "make/1", body)
        guard reply.result == 0 else { return reply }
        id = reply.rest.prefix(16).map { String(format: "%02x", $0) }.joined()
        for start in stride(from: 16, to: reply.rest.count, by: 8) {
            let key = Int(Frame.number(reply.rest[start..<start + 4]))
            self.parameters[key] = Int(Frame.number(reply.rest[start + 4..<start + 8]))
        }
        return reply
    }

    static func nonce() -> [UInt8] { (0..<16).map { _ in UInt8.random(in: .min ... .max) } }

    /// Opens stream `number` to `authority`.
    @discardableResult
    func open(_ number: UInt32, _ authority: String) throws -> Reply {
        try ask("POST", "-/open/\(number)", Array(authority.utf8))
    }

    /// Opens streams to `authority` in the first `count` slots, by one connection.
    func openStreams(_ count: Int, _ authority: String) throws {
        let lane = try Stream(to: culvert.endpoint)
        for slot in 0..<count {
            try lane.send(request("POST", "-/open/\(4096 + slot)", Array(authority.utf8)))
            try #require(try Self.reply(on: lane).result == 0)
        }
        lane.close()
    }

    /// Sends frames on up lane `lane`.
    @discardableResult
    func send(_ frames: [Frame], on lane: Int = 0) throws -> Reply {
        let body = frames.flatMap(\.bytes)
        let reply = try ask("PUT", "-/send/\(lane)/\(sent[lane])", body)
        if reply.result == 0 { sent[lane] = reply.value }
        return reply
    }

    /// Sends frames on up lane 0 by a connection that is kept.
    func send(_ frames: [Frame], on stream: Stream) throws {
        try stream.send(request("PUT", "-/send/0/\(sent[0])", frames.flatMap(\.bytes)))
        sent[0] = try Self.reply(on: stream).value
    }

    /// Asks for bytes of a down lane; what comes is kept.
    @discardableResult
    func poll(_ lane: Int = 0, wait: Int = 20, size: Int = 1 << 20) throws -> Reply {
        let target = "-/poll/\(lane)/\(lanes[lane].count)/\(wait)/\(size)"
        let reply = try ask("GET", target)
        if reply.result == 0 { lanes[lane] += reply.rest }
        return reply
    }

    /// Polls lane 0 until the frames on it are as they are meant to be.
    func frames(until isMeant: ([Frame]) -> Bool) throws -> [Frame] {
        for _ in 0..<1000 {
            let frames = Frame.all(in: lanes[0])
            if isMeant(frames) { return frames }
            let reply = try poll()
            try #require(reply.result == 0, "result \(String(describing: reply.result))")
        }
        throw Stream.Failure(call: "frames", code: 0)
    }

    // MARK: Requests

    /// The text of a request for `target`, which is below the path of the tunnel.
    func request(
        _ method: String,
        _ target: String,
        _ body: [UInt8] = [],
        version: String = "1.1",
        fields: String = ""
    ) -> [UInt8] {
        serial += 1
        let hexadecimal = String(serial, radix: 16)
        let digits = String(repeating: "0", count: 16 - hexadecimal.count) + hexadecimal
        let session = target.hasPrefix("-/") ? "Tunnel-Session: \(id)\r\n" : ""
        let length = body.isEmpty ? "" : "Content-Length: \(body.count)\r\n"
        let head =
            "\(method) /tunnel/\(target)?\(digits) HTTP/\(version)\r\nHost: \(culvert.endpoint)\r\n"
            + session + length + credentials + fields + "\r\n"
        return Array(head.utf8) + body
    }

    /// Makes a request on a connection of its own.
    func ask(_ method: String, _ target: String, _ body: [UInt8] = []) throws -> Reply {
        let stream = try Stream(to: culvert.endpoint)
        try stream.send(request(method, target, body))
        return try Self.reply(on: stream)
    }

    /// The next answer on `stream`, of a length or in chunks.
    static func reply(on stream: Stream) throws -> Reply {
        let head = try stream.receiveHead()
        let status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
        guard let length = head.firstMatch(of: #/Content-Length: (\d+)/#) else {
            var body: [UInt8] = []
            while let chunk = try chunk(on: stream) { body += chunk }
            return Reply(status: status, head: head, body: body)
        }
        let body = try stream.receive(exactly: Int(length.1) ?? 0)
        return Reply(status: status, head: head, body: body)
    }

    /// The next chunk on `stream`; nil if that was the last one.
    static func chunk(on stream: Stream) throws -> [UInt8]? {
        var line: [UInt8] = []
        while !line.ends(with: "\r\n") { line += try stream.receive(exactly: 1) }
        let text = String(decoding: line.dropLast(2), as: UTF8.self)
        let size = try #require(Int(text, radix: 16), "\(text)")
        let chunk = try stream.receive(exactly: size)
        #expect(try stream.receive(exactly: 2) == Array("\r\n".utf8))
        return size > 0 ? chunk : nil
    }
}

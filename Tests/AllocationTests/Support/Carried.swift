/// A session of the tunnel without CONNECT with one stream, carried by two kept connections.
final class Carried {
    private let up: Peer
    private let down: Peer
    private let host: String
    private var serial: UInt64 = 1 << 60
    private var id = ""
    /// Bytes that were put on up lane 0, and that came of down lane 0.
    private var sent = 0
    private var received = 0
    /// Bytes of the stream, each way.
    private var written = 0
    private var read = 0

    /// Makes a session at /tunnel of `server`, and opens a stream to `authority`.
    init(_ server: RunningServer, to authority: String) throws {
        up = try Peer(port: server.port)
        down = try Peer(port: server.port)
        host = "127.0.0.1:\(server.port)"
        // A nonce, and the largest windows that there are.
        let windows: [UInt8] = [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 2, 0x10, 0, 0, 0]
        let made = try ask(up, "POST", "make/1", Array(1...16) + windows)
        id = made[24..<40].map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
        guard try ask(up, "POST", "-/open/4096", Array(authority.utf8))[5] == 0 else {
            throw Surprise(bytes: Array("a stream that is refused".utf8))
        }
    }

    /// Sends `message` up, and receives as many bytes.
    func exchange(_ message: [UInt8]) throws {
        let position = written
        var frame: [UInt8] = [1, 0, 0, UInt8(message.count), 0, 0, 0x10, 0]
        for shift in stride(from: 56, through: 0, by: -8) {
            frame.append(UInt8(truncatingIfNeeded: position >> shift))
        }
        _ = try ask(up, "PUT", "-/send/0/\(sent)", frame + message)
        sent += frame.count + message.count
        written += message.count
        while read < written {
            let lane = try ask(down, "GET", "-/poll/0/\(received)/20/100000").dropFirst(24)
            received += lane.count
            read += Self.payloads(Array(lane))
        }
    }

    /// Leaves the session, which a server that drains would otherwise wait for.
    func quit() throws { _ = try ask(up, "DELETE", "-/quit") }

    /// Bytes of data in the frames of `lane`.
    private static func payloads(_ lane: [UInt8]) -> Int {
        var count = 0
        var start = 0
        while start < lane.count {
            let size = Int(lane[start + 2]) << 8 | Int(lane[start + 3])
            if lane[start] == 1 { count += size }
            start += 16 + size
        }
        return count
    }

    /// Makes a request, and returns the body of its answer.
    private func ask(
        _ peer: Peer,
        _ method: String,
        _ target: String,
        _ body: [UInt8] = []
    ) throws -> [UInt8] {
        serial += 1
        let session = id.isEmpty ? "" : "Tunnel-Session: \(id)\r\n"
        let head =
            "\(method) /tunnel/\(target)?\(String(serial, radix: 16)) HTTP/1.1\r\n"
            + "Host: \(host)\r\n\(session)Content-Length: \(body.count)\r\n\r\n"
        try peer.send(Array(head.utf8) + body)
        var text = ""
        var octet: [UInt8] = [0]
        while !text.hasSuffix("\r\n\r\n") {
            try peer.fill(&octet)
            text += String(decoding: octet, as: UTF8.self)
        }
        let length = text.split(separator: "Content-Length: ").last?.prefix { $0.isNumber }
        var answer = [UInt8](repeating: 0, count: length.flatMap { Int($0) } ?? 0)
        try peer.fill(&answer)
        return answer
    }
}

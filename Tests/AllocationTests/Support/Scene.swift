import Policy
import Proxy

/// An origin, the proxy, and clients that use it.
struct Scene {
    let origin: Origin
    let server: RunningServer
    /// The origin by its address.
    var literal: String { "127.0.0.1:\(origin.port)" }

    init(
        policy: RuleList? = nil,
        _ change: (inout Configuration) -> Void = { _ in }
    ) throws {
        origin = try Origin()
        server = try RunningServer(policy: policy, change)
    }

    /// Ends the proxy, then the origin.
    func end() {
        server.end()
        origin.end()
    }

    // MARK: Tunnels

    private static let established = Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8)
    static let message = Array(0..<64 as Range<UInt8>)

    /// A request with `method` for `authority`.
    static func request(_ method: String, _ authority: String) -> [UInt8] {
        Array("\(method) \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\r\n".utf8)
    }

    /// A tunnel to `authority`; `early` bytes come together with the head.
    func openTunnel(to authority: String, early: [UInt8] = []) throws -> Peer {
        let client = try Peer(port: server.port)
        try client.send(Scene.request("CONNECT", authority) + early)
        try client.expect(Scene.established)
        return client
    }

    /// One life of a tunnel: opened, used for one message, ended.
    func live(_ life: Life, to authority: String) throws {
        let client = try openTunnel(
            to: authority,
            early: life == .withEarlyBytes ? Scene.message : []
        )
        if life != .withEarlyBytes { try client.send(Scene.message) }
        try client.expect(Scene.message)
        switch life {
        case .closed, .withEarlyBytes:
            client.finish()
            try client.expectEnd()
        case .reset:
            client.makeAbortive()
        }
    }

    /// A request that is refused with `status`.
    func meet(_ status: Int, _ request: [UInt8]) throws {
        let client = try Peer(port: server.port)
        try client.send(request)
        try client.expect(Array("HTTP/1.1 \(status) ".utf8))
        try client.expectEnd()
    }

    // MARK: Traffic

    /// Messages over all of `tunnels` at once, each sent when the one before it has come back.
    static func exchange(_ count: Int, over tunnels: [Peer]) throws {
        for _ in 0..<count / tunnels.count {
            for tunnel in tunnels { try tunnel.send(message) }
            for tunnel in tunnels { try tunnel.expect(message) }
        }
    }

    /// As many bytes as fit through, `byteCount` in each tunnel and each direction.
    static func pour(_ byteCount: Int, through tunnels: [Peer]) throws {
        let chunk = [UInt8](repeating: 7, count: 1 << 18)
        let writers = try tunnels.map { tunnel in
            try ThreadBox("writer") {
                // What fails here is missed by the reader.
                for _ in 0..<byteCount / chunk.count {
                    guard (try? tunnel.send(chunk)) != nil else { return }
                }
            }
        }
        var echo = chunk
        for _ in 0..<byteCount / chunk.count {
            for tunnel in tunnels { try tunnel.fill(&echo) }
        }
        for writer in writers { writer.join() }
    }
}

/// How a client uses and leaves its tunnel.
enum Life: CaseIterable {
    case closed, reset, withEarlyBytes
}

import Foundation
import Glibc
import Internet
import Policy
import Proxy
import Testing

extension AllocationTests {
    private static var warmUpCount: Int { 200 }
    private static var count: Int { 2000 }

    /// What workers allocate for `count` times `body`, after enough of it.
    ///
    /// One more tunnel follows: whatever is still being given back comes before its end.
    private static func perTunnel(
        _ scene: Scene,
        _ body: (Int) throws -> Void
    ) throws -> Allocations.Count {
        for index in 0..<warmUpCount { try body(-index) }
        return try Allocations.onWorkers {
            for index in 1...count { try body(index) }
            try body(count + 1)
        }
    }

    @Test(arguments: Configuration.RelayMode.allCases, Life.allCases)
    func `a tunnel allocates nothing`(mode: Configuration.RelayMode, life: Life) throws {
        let scene = try Scene { $0.relay = mode }
        defer { scene.end() }
        let count = try Self.perTunnel(scene) { _ in try scene.live(life, to: scene.literal) }
        #expect(count.number == 0, "\(count)")
    }

    // MARK: Names

    @Test func `a tunnel to a name of the hosts file allocates nothing`() throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "culvert-hosts-\(UUID())").path
        try "127.0.0.1 origin.example\n".write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let scene = try Scene { $0.hostsFile = path }
        defer { scene.end() }
        let count = try Self.perTunnel(scene) { _ in
            try scene.live(.closed, to: "origin.example:\(scene.origin.port)")
        }
        #expect(count.number == 0, "\(count)")
    }

    @Test func `a tunnel to a name in the cache allocates nothing`() throws {
        let names = try NameServer()
        defer { names.end() }
        let scene = try Scene {
            $0.nameServers = [Endpoint(Address(v4: 0x7f00_0001), port: names.port)]
        }
        defer { scene.end() }
        let count = try Self.perTunnel(scene) { _ in
            try scene.live(.closed, to: "origin.example:\(scene.origin.port)")
        }
        #expect(count.number == 0, "\(count)")
    }

    @Test func `a tunnel to an unknown name allocates what its questions need`() throws {
        let names = try NameServer()
        defer { names.end() }
        let scene = try Scene {
            $0.nameServers = [Endpoint(Address(v4: 0x7f00_0001), port: names.port)]
        }
        defer { scene.end() }
        let count = try Self.perTunnel(scene) { index in
            try scene.live(.closed, to: "origin\(index).example:\(scene.origin.port)")
        }
        // With c-ares 1.18 it is 21: nineteen of the library, and one of ours for each question.
        #expect(count.number <= 40 * UInt64(Self.count), "\(count)")
        // It also shows that real workers are seen.
        #expect(count.number >= UInt64(Self.count), "\(count)")
    }

    // MARK: Tunnels that must be TLS

    /// Bytes of such a tunnel, and whether they may pass.
    enum FirstBytes: CaseIterable {
        case hello, otherName, otherProtocol

        var bytes: [UInt8] {
            switch self {
            case .hello: FirstBytes.hello("origin.example")
            case .otherName: FirstBytes.hello("another.example")
            case .otherProtocol: Array("SSH-2.0-test\r\n".utf8)
            }
        }

        /// The shortest ClientHello with a server name, for a name of 14 or 15 bytes.
        private static func hello(_ name: String) -> [UInt8] {
            let count = UInt8(name.utf8.count)
            let start: [UInt8] = [3, 3] + [UInt8](repeating: 9, count: 32)
            let lists: [UInt8] = [0, 0, 2, 0x13, 1, 1, 0, 0, count + 9]
            let named: [UInt8] = [0, 0, 0, count + 5, 0, count + 3, 0, 0, count]
            let body = start + lists + named + Array(name.utf8)
            let message = [1, 0, 0, UInt8(body.count)] + body
            return [22, 3, 1, 0, UInt8(message.count)] + message
        }
    }

    @Test(arguments: FirstBytes.allCases, [true, false])
    func `a tunnel that must be TLS allocates nothing`(first: FirstBytes, isEarly: Bool) throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "culvert-hosts-\(UUID())").path
        try "127.0.0.1 origin.example\n".write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let scene = try Scene {
            $0.hostsFile = path
            $0.tlsPorts = [1...65535]
            $0.tlsServerName = .match
        }
        defer { scene.end() }
        let authority = "origin.example:\(scene.origin.port)"
        let bytes = first.bytes
        // The first byte of another protocol is enough.
        let early = isEarly ? bytes.count : first == .otherProtocol ? 0 : bytes.count / 2
        let count = try Self.perTunnel(scene) { _ in
            let client = try scene.openTunnel(to: authority, early: Array(bytes.prefix(early)))
            if !isEarly { try client.send(Array(bytes.dropFirst(early))) }
            if first == .hello {
                try client.expect(bytes)
                client.finish()
                try client.expectEnd()
            } else {
                try client.expectReset()
            }
        }
        #expect(count.number == 0, "\(count)")
    }

    // MARK: Refusals

    /// Requests that are refused, each for another reason.
    enum Refused: CaseIterable {
        case port, address, name, method, noListener
    }

    @Test(arguments: Refused.allCases)
    func `a refused request allocates nothing`(refused: Refused) throws {
        let scene = try Scene()
        defer { scene.end() }
        let (closed, closedPort) = Loopback.bound(SOCK_STREAM)
        defer { close(closed) }
        let (status, method, authority) =
            switch refused {
            case .port: (403, "CONNECT", "127.0.0.1:1")
            case .address: (502, "CONNECT", "0.0.0.0:443")
            case .name: (502, "CONNECT", "name.invalid:443")
            case .method: (405, "GET", "127.0.0.1:443")
            case .noListener: (502, "CONNECT", "127.0.0.1:\(closedPort)")
            }
        let request = Scene.request(method, authority)
        let count = try Self.perTunnel(scene) { _ in try scene.meet(status, request) }
        #expect(count.number == 0, "\(count)")
    }

    // MARK: Rules

    @Test func `rules and their names in the journal allocate nothing`() throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "culvert-journal-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let scene = try Scene {
            $0.journal = .file(path)
            $0.simpleRules.allowedNetworks = [Prefix("127.0.0.0/8")].compactMap { $0 }
            $0.simpleRules.deniedHosts = [HostPattern("*.denied.example")].compactMap { $0 }
        }
        defer { scene.end() }
        let request = Scene.request("CONNECT", "a.denied.example:443")
        let count = try Self.perTunnel(scene) { index in
            try scene.live(.closed, to: scene.literal)
            try scene.meet(403, request)
        }
        #expect(count.number == 0, "\(count)")
    }

    @Test func `limits of a rule allocate nothing`() throws {
        var rule = Rule("limited", .allow)
        rule.terms.limits.all.tunnels = 1000
        rule.terms.limits.all.newPerSecond = 1_000_000
        rule.terms.limits.bytes = 1 << 20
        rule.terms.limits.lifetime = 3_600_000_000_000
        let scene = try Scene(policy: RuleList([rule])) { $0.tlsPorts = [] }
        defer { scene.end() }
        let count = try Self.perTunnel(scene) { _ in
            try scene.live(.closed, to: scene.literal)
        }
        #expect(count.number == 0, "\(count)")
    }

    // MARK: The journal

    @Test func `the journal and the shared limits allocate nothing`() throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "culvert-journal-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try expectNothingWithJournal(path)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        // Two of each tunnel, and one of each refusal.
        #expect(lines.count == 3 * (Self.warmUpCount + Self.count + 1))
    }

    private func expectNothingWithJournal(_ path: String) throws {
        let scene = try Scene {
            $0.journal = .file(path)
            $0.maxTunnels = 1000
            $0.maxTunnelsPerClient = 1000
        }
        defer { scene.end() }
        let request = Scene.request("CONNECT", "127.0.0.1:1")
        let count = try Self.perTunnel(scene) { index in
            try scene.live(.closed, to: scene.literal)
            try scene.meet(403, request)
        }
        #expect(count.number == 0, "\(count)")
    }
}

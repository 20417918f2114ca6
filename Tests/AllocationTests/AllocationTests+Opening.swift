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
    private static func perTunnel(
        _ scene: Scene,
        _ body: (Int) throws -> Void
    ) throws -> Allocations.Count {
        for index in 0..<warmUpCount { try body(-index) }
        return try Allocations.onWorkers {
            for index in 1...count { try body(index) }
            // Whatever is still being given back to the worker comes before this one's end.
            try scene.live(.closed, to: scene.literal)
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

    // MARK: The journal

    @Test func `the journal and the shared limits allocate nothing`() throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "culvert-journal-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try expectNothingWithJournal(path)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        // Two of each tunnel, the last one included, and one of each refusal.
        #expect(lines.count == 3 * (Self.warmUpCount + Self.count) + 2)
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

import Foundation
import Internet
import Testing

/// A server of the tunnel without CONNECT, in Python, that misbehaves as it is told.
final class FarServer {
    let port: UInt16
    private let daemon: Daemon

    /// Serves on `port` of 127.0.0.1, or on a free one, with `flags`.
    init(_ flags: [String] = [], port: UInt16 = 0) throws {
        let command = [Program.python, Program.script("method_tunnel_server.py")]
        daemon = try Daemon(command + ["--port", "\(port)"] + flags) { UInt16($0) != nil }
        self.port = try #require(try UInt16(daemon.lines.first { UInt16($0) != nil }))
    }

    /// Ends it at once: its connections break, and its sessions are forgotten.
    func stop() {
        kill(-daemon.process.processIdentifier, SIGKILL)
        daemon.process.waitUntilExit()
    }

    /// Where it listens.
    var endpoint: Endpoint { Endpoint(Address(v4: 0x7f00_0001), port: port) }

    /// What a client takes as --server.
    var url: String { "http://\(endpoint)/tunnel" }

    /// Expects that no client has broken the format.
    func expectNoViolation(sourceLocation: SourceLocation = #_sourceLocation) {
        let violations = daemon.lines.all.filter { $0.contains("violation") }
        #expect(violations == [], sourceLocation: sourceLocation)
    }
}

extension Culvert {
    /// Starts a client of `server` with `flags`, on a free port; `environment` is added to what it
    /// inherits.
    static func client(
        _ server: String,
        _ flags: [String] = [],
        listen: String = "127.0.0.1:0",
        environment: [String] = [],
        in namespace: Namespace? = nil
    ) throws -> Culvert {
        let command =
            ["env"] + environment + [try program, "client", "--server", server]
            + ["--listen", listen, "--journal", "-"] + flags
        return try Culvert(command: namespace?.command(command) ?? command)
    }

    /// The ways in which it has asked for bytes so far.
    var pollings: [String] {
        journal.all.compactMap(Self.record).filter { $0["event"] as? String == "polling" }
            .compactMap { $0["detail"] as? String }
    }
}

import Foundation
import Testing

extension EndToEndTests {
    /// Clients of SSH, through a ProxyCommand that asks for a tunnel.
    @Suite struct ShellClients {
        private let server: SecureShell
        private let culvert: Culvert
        private let folder: Folder
        private let digest: String
        private let flags: [String]

        init() throws {
            server = try SecureShell()
            culvert = try Culvert()
            folder = try Folder()
            try folder.write(
                "data",
                Data((0..<(12 << 20)).map { UInt8(truncatingIfNeeded: $0 / 7) })
            )
            digest = try WebOrigin.digest(folder.path("data"))
            flags = [
                "-F", server.configuration, "-o", "Port=\(server.port)",
                "-o", "ProxyCommand=nc -X connect -x \(culvert.endpoint) %h %p",
            ]
        }

        private var authority: String { "127.0.0.1:\(server.port)" }

        @Test func `ssh runs a command, whose input and output come through`() throws {
            let script = #"ssh "$@" 127.0.0.1 'tee /dev/stderr | sha256sum' < "$0" 2> "$0.back""#
            let output = try Program.output(of: "sh", ["-c", script, folder.path("data")] + flags)
            #expect(output.hasPrefix(digest))
            #expect(try WebOrigin.digest(folder.path("data.back")) == digest)
            let end = try culvert.end(of: authority)
            #expect(end["reason"] as? String == "closed")
            #expect(try #require(end["bytes_out"] as? Int) > 12 << 20)
            #expect(try #require(end["bytes_in"] as? Int) > 12 << 20)
        }

        @Test func `the status of a command comes through`() throws {
            #expect(try Program.run("ssh", flags + ["127.0.0.1", "exit 37"]).status == 37)
        }

        @Test func `scp copies there and back`() throws {
            let there = "127.0.0.1:\(folder.path("there"))"
            _ = try Program.output(of: "scp", flags + [folder.path("data"), there])
            #expect(try WebOrigin.digest(folder.path("there")) == digest)
            _ = try Program.output(of: "scp", flags + [there, folder.path("back")])
            #expect(try WebOrigin.digest(folder.path("back")) == digest)
            _ = try culvert.record("end") { ($0["bytes_out"] as? Int ?? 0) > 12 << 20 }
            _ = try culvert.record("end") { ($0["bytes_in"] as? Int ?? 0) > 12 << 20 }
        }
    }
}

import Foundation
import Testing

extension EndToEndTests {
    /// What docs/running.md has operators do.
    @Suite struct RunningDocument {
        private func block(_ language: String) throws -> String {
            let text = try String(
                contentsOf: Program.repository.appending(path: "docs/running.md"),
                encoding: .utf8
            )
            let block = try #require(
                text.components(separatedBy: "\n```\(language)\n").dropFirst().first
            )
            return try #require(block.components(separatedBy: "\n```").first) + "\n"
        }

        @Test func `the service starts with these flags, and has time to drain`() throws {
            let unit = try block("ini")
            let start = try #require(unit.firstMatch(of: #/\nExecStart=\S+ (.+)\n/#)).1
            let folder = try Folder()
            let users = try folder.writeUsers(["ana"])
            let flags = start.replacing("/etc/culvert/users", with: try #require(users.last))
                .replacing("/var/log/culvert/journal.jsonl", with: folder.path("journal"))
                .split(separator: " ").map(String.init)
            let shown = try Program.run(Culvert.program, flags + ["--show-configuration"])
            #expect(shown.status == 0, "\(shown.errors)")
            let drain = try #require(shown.output.firstMatch(of: #/--drain-timeout +(\d+)s /#)).1
            let stop = try #require(unit.firstMatch(of: #/\nTimeoutStopSec=(\d+)\n/#)).1
            #expect(try #require(Int(stop)) > (try #require(Int(drain))))
        }

        @Test func `HAProxy ends TLS in front of it`() throws {
            let origin = try WebOrigin()
            try origin.site.write("page", Data("the page".utf8))
            let folder = try Folder()
            let users = try folder.writeUsers(["ana"], password: "word")
            let culvert = try Culvert(origin.openFlags + users)
            // The certificate is that of loopback, too.
            let pem = try [origin.certificates.certificate, origin.certificates.key].map {
                try String(contentsOfFile: $0, encoding: .utf8)
            }
            try folder.write("proxy.pem", Data(pem.joined().utf8))
            let port = try Origin.freePort()
            let text = try block("haproxy").replacing("/etc/culvert", with: folder.path(""))
                .replacing(":3129", with: "127.0.0.1:\(port)")
                .replacing("127.0.0.1:3128", with: "\(culvert.endpoint)")
            try folder.write("conf", Data(text.utf8))
            let haproxy = "haproxy -db -f \(folder.path("conf"))"
            let daemon = try Daemon(MiddleProxy.command(haproxy, on: port)) { $0 == "ready" }
            let page = try Program.output(
                of: "curl",
                [
                    "--silent", "--show-error", "--proxy", "https://127.0.0.1:\(port)",
                    "--proxy-cacert", origin.certificates.authority, "--proxy-user", "ana:word",
                    "--cacert", origin.certificates.authority, origin.url("page"),
                ]
            )
            #expect(page == "the page")
            let end = try culvert.end(of: origin.authority)
            #expect(end["status"] as? Int == 200 && end["user"] as? String == "ana")
            withExtendedLifetime(daemon) {}
        }
    }
}

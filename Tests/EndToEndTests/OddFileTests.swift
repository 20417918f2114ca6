import Foundation
import Testing

extension EndToEndTests {
    /// Files of users and rules that are something else, or come from other systems.
    @Suite struct OddFiles {
        private static let policy = "rules:\r\n- {name: all, action: allow, users: [ana]}\r\n"

        /// A folder with the user "ana" and a policy that allows her everything.
        private func prepare() throws -> (Folder, flags: [String]) {
            let folder = try Policies.folder(Self.policy)
            let users = try folder.writeUsers(["ana"])
            return (folder, Culvert.openFlags + users + ["--policy", folder.path("policy.yaml")])
        }

        private func expectTunnel(_ culvert: Culvert) throws {
            let origin = try Origin()
            _ = try Stream.tunnel(culvert, to: origin.authority, as: "ana:word")
            #expect(try culvert.record("open") { $0["rule"] as? String == "all" }.count > 0)
        }

        @Test func `byte order marks and the line ends of other systems mean nothing`() throws {
            let (folder, flags) = try prepare()
            let line = try folder.text("users").replacing("\n", with: "\r\n")
            for name in ["users", "policy.yaml"] {
                let text = name == "users" ? line : Self.policy
                try folder.write(name, Data([0xef, 0xbb, 0xbf] + Array(text.utf8)))
            }
            try expectTunnel(try Culvert(flags))
        }

        @Test(arguments: ["users", "policy.yaml"])
        func `a file that may not be read stops the start`(name: String) throws {
            let (folder, flags) = try prepare()
            let program = folder.url("culvert")
            try FileManager.default.copyItem(at: URL(filePath: Culvert.program), to: program)
            let modes = ["": 0o755, "culvert": 0o755, "users": 0o644, "policy.yaml": 0o644]
            for (path, mode) in modes.merging([name: 0o600], uniquingKeysWith: { $1 }) {
                try FileManager.default.setAttributes(
                    [.posixPermissions: mode],
                    ofItemAtPath: folder.path(path)
                )
            }
            let other = ["--reuid", "65534", "--regid", "65534", "--clear-groups"]
            let words = other + [folder.path("culvert"), "--listen", "127.0.0.1:0"] + flags
            let outcome = try Program.run("setpriv", words, within: 30)
            #expect(outcome.status == (name == "users" ? 64 : 1))
            #expect(outcome.errors.contains(folder.path(name)), "\(outcome.errors)")
        }

        @Test func `users and rules may come from pipes`() throws {
            let (folder, _) = try prepare()
            let script = """
                exec "$0" "$@" --users <(cat '\(folder.path("users"))') \
                    --policy <(cat '\(folder.path("policy.yaml"))')
                """
            let words = ["--listen", "127.0.0.1:0", "--journal", "-"] + Culvert.openFlags
            try expectTunnel(
                try Culvert(command: ["bash", "-c", script, Culvert.program] + words)
            )
        }

        /// What is a pipe from now on, and what is said of it when it is to be read again.
        private static let pipes = [
            ("users", ": can't be read (poll: Connection timed out"),
            ("policy.yaml", ": can't be read (poll: Connection timed out"),
            ("hosts", ": can't be read (poll: Connection timed out"),
            ("journal", ": can't be opened (open: No such device or address"),
        ]

        /// All at the same time: it is waiting.
        @Test func `a pipe with nobody at its other end is given up, and the server goes on`()
            throws
        {
            try Crew.run(
                Self.pipes.map { name, words in { try self.expectPatience(with: name, words) } }
            )
        }

        private func expectPatience(with name: String, _ words: String) throws {
            let (folder, flags) = try prepare()
            let files = ["--hosts-file", folder.path("hosts"), "--journal", folder.path("journal")]
            for name in ["hosts", "journal"] { try folder.write(name, Data()) }
            let culvert = try Culvert(
                command: [Culvert.program, "--listen", "127.0.0.1:0"] + files + flags
            )
            try FileManager.default.removeItem(at: folder.url(name))
            _ = try Program.output(of: "mkfifo", [folder.path(name)])
            culvert.signal(SIGHUP)
            _ = try culvert.notices.first { $0.contains("\(folder.path(name))\(words)") }
            let origin = try Origin()
            _ = try Stream.tunnel(culvert, to: origin.authority, as: "ana:word")
            try #require(culvert.stop() == 0)
        }

        @Test func `what a link leads to now is what is read again`() throws {
            let (folder, flags) = try prepare()
            let good = try folder.text("users")
            let users = folder.url("users")
            try folder.write("others", Data(good.replacing("ana:", with: "ben:").utf8))
            let culvert = try Culvert(flags)
            func lead(to name: String, _ words: String) throws {
                try FileManager.default.removeItem(at: users)
                try FileManager.default.createSymbolicLink(
                    at: users,
                    withDestinationURL: folder.url(name)
                )
                let start = culvert.notices.all.count
                culvert.signal(SIGHUP)
                _ = try culvert.notices.first(from: start) { $0.contains(words) }
            }
            try lead(to: "others", "1 users read again")
            let refused = try culvert.ask(for: "127.0.0.1:1", as: "ana:word")
            refused.expect(407, "http_request_denied")
            try culvert.ask(for: "127.0.0.1:1", as: "ben:word").expect(403, "http_request_denied")
            for name in ["users", "", "nothing"] {
                try lead(to: name, "of before still hold: --users ")
                try culvert.ask(for: "127.0.0.1:1", as: "ben:word")
                    .expect(403, "http_request_denied")
            }
        }
    }
}

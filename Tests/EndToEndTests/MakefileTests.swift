import Foundation
import Testing

extension EndToEndTests {
    /// What the Makefile promises.
    @Suite struct MakefileTargets {
        @Test func `make run builds, then serves with the journal on the terminal`() throws {
            let lines = try Makefile.dryRun(["run"]).split(separator: "\n")
            let build = "swift build -c release --static-swift-stdlib --product culvert"
            let place = try #require(lines.firstIndex { $0 == build })
            let serve = "exec .build/release/culvert --listen 127.0.0.1:3128 --journal -"
            #expect(lines[place...].last?.trimmingCharacters(in: .whitespaces) == serve)
        }

        @Test func `make test builds, then runs every test once`() throws {
            let lines = try Makefile.dryRun(["test"]).split(separator: "\n")
            let build = try #require(lines.firstIndex { $0.hasPrefix("swift build -c release ") })
            let tests = lines[build...].filter { $0.contains("swift test ") }
            try #require(tests.count == 2)
            let first = tests[0].matches(of: /--skip ([A-Z][A-Za-z]+)/).map(\.1)
            let second = tests[1].matches(of: /--filter ([A-Z][A-Za-z]+)/).map(\.1)
            #expect(first == second && second.contains("EndToEndTests"))
            #expect(!tests[0].contains("--filter") && !tests[1].contains("--skip "))
        }

        @Test(arguments: [
            "chromium", "curl", "git", "gnutls-cli", "ip", "javac", "nc", "nghttpd", "openssl",
            "scp", "ssh", "ssh-keygen", "sshd", "strace", "wget",
        ])
        func `a program that tests drive comes with make setup`(program: String) throws {
            let script = """
                real=$(readlink -f "$(PATH=$PATH:/usr/sbin command -v "$0")") || exit
                dpkg-query -S "$real" 2>/dev/null || dpkg-query -S "${real#/usr}"
                """
            let found = try Program.output(of: "sh", ["-c", script, program])
            let package = found.prefix { $0 != ":" }
            #expect(try Makefile.packages().contains(String(package)), "\(found)")
        }
    }
}

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

        @Test func `make test builds, then runs all tests`() throws {
            let lines = try Makefile.dryRun(["test"]).split(separator: "\n")
            let product = try #require(lines.firstIndex { $0.hasSuffix(" --product culvert") })
            let tests = try #require(lines.firstIndex { $0.hasSuffix(" --build-tests") })
            #expect(product < tests)
            #expect(lines[tests...].last?.hasSuffix("/.build/release/culvert Tests/run.sh") == true)
        }

        @Test func `each suite is in one part of the tests`() throws {
            let folder = Program.repository.appending(path: "Tests")
            let text = try String(contentsOf: folder.appending(path: "run.sh"), encoding: .utf8)
            let parts = try text.matches(of: #/\nbegin \S+ .*--(filter|skip) '(.+)'/#).map {
                (isFilter: $0.1 == "filter", pattern: try Regex(String($0.2)))
            }
            #expect(parts.count == 8)
            let names = try Self.suites(folder)
            #expect(names.count > 90)
            for name in names {
                let count = parts.count { name.contains($0.pattern) == $0.isFilter }
                #expect(count == 1, "\(name)")
            }
        }

        /// What swift test calls the suites: those of the whole program, and of each other module
        /// one that stands for all.
        private static func suites(_ folder: URL) throws -> [String] {
            let manager = FileManager.default
            let modules = try manager.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix("Tests") }
            return try modules.flatMap { module -> [String] in
                guard module == "EndToEndTests" else { return ["\(module).Some/"] }
                let files = folder.appending(path: module)
                return try manager.contentsOfDirectory(atPath: files.path)
                    .filter { $0.hasSuffix(".swift") }
                    .flatMap { file in
                        let path = files.appending(path: file)
                        return try String(contentsOf: path, encoding: .utf8)
                            .matches(
                                of: #/\nextension (\w+) \{\n(?: +\/\/\/.*\n)* +@Suite struct (\w+)/#
                            )
                            .map { "\(module).\($0.1)/\($0.2)/" }
                    }
            }
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

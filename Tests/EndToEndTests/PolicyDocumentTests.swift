import Foundation
import Testing

extension EndToEndTests {
    /// The page on policies: its files are used by the commands that stand below them.
    @Suite struct PolicyDocument {
        private static let text = try? String(
            contentsOf: Program.repository.appending(path: "docs/policy.md"),
            encoding: .utf8
        )

        /// Files by name, as the page shows them.
        private func files() throws -> [String: String] {
            let text = try #require(Self.text)
            let blocks = text.matches(of: #/\n```yaml\n# (\S+)\n((?:.*\n)*?)```/#)
            return Dictionary(
                blocks.map { (String($0.1), String($0.2)) },
                uniquingKeysWith: { first, _ in first }
            )
        }

        private func commands() throws -> [String] {
            let text = try #require(Self.text)
            return text.matches(of: #/\n```sh\n((?:.*\n)*?)```/#)
                .flatMap { $0.1.split(separator: "\n").map(String.init) }
        }

        @Test func `each command does what the page says of its files`() throws {
            let folder = try Folder()
            let files = try files()
            #expect(files.count == 11)
            for (name, text) in files { try folder.write(name, Data(text.utf8)) }
            try folder.writeUsers(["ana", "ben"])
            let names = try NameServer { _ in .addresses(["8.8.8.8"]) }
            let tests = try commands().filter { $0.hasPrefix("culvert test ") }
            #expect(tests.count == 5)
            for command in try commands() {
                var words = command.split(separator: " ").map(String.init)
                // The last words tell a culvert that serves.
                if let end = words.firstIndex(of: "&&") { words = Array(words[..<end]) }
                try #require(words.removeFirst() == "culvert")
                if words[0] == "explain" { words.insert(contentsOf: names.flags, at: 1) }
                let arguments = words.map { word in
                    files[word] != nil || word == "users" ? folder.path(word) : word
                }
                let outcome = try Program.run(Culvert.program, arguments)
                #expect(outcome.status == 0, "\(command): \(outcome.output)\(outcome.errors)")
                switch words[0] {
                case "test": #expect(outcome.output.hasSuffix(" cases, 0 differences\n"))
                case "check": #expect(outcome.output == "2 rules, 0 errors, 0 warnings\n")
                default: #expect(outcome.output.hasSuffix("verdict  allowed\n"))
                }
            }
        }

        @Test func `each policy of the page is above doubt`() throws {
            let folder = try Folder()
            for (name, text) in try files()
            where text.contains("\nrules:\n") || text.hasPrefix("rules:") {
                try folder.write(name, Data(text.utf8))
                let outcome = try Program.run(
                    Culvert.program,
                    ["check", "--policy", folder.path(name)]
                )
                #expect(
                    outcome.output.hasSuffix(", 0 errors, 0 warnings\n"),
                    "\(outcome.output)"
                )
            }
        }

        @Test func `the policy of the README can be used`() throws {
            let readme = Program.repository.appending(path: "README.md")
            let text = try String(contentsOf: readme, encoding: .utf8)
            let block = try #require(text.firstMatch(of: #/\n```yaml\n((?:.*\n)*?)```/#))
            let folder = try Policies.folder(String(block.1))
            let path = folder.path("policy.yaml")
            try folder.writeUsers(["ana", "ben"])
            let check = ["check", "--policy", path, "--users", folder.path("users")]
            let outcome = try Program.run(Culvert.program, check)
            #expect(outcome.output == "2 rules, 0 errors, 0 warnings\n", "\(outcome.output)")
        }
    }
}

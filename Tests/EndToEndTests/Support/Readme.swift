import Foundation
import Testing

/// The commands that the README shows, each as it stands there.
enum Readme {
    /// A line of a block of shell.
    struct Command: Sendable, CustomTestStringConvertible {
        /// The line, without its comment.
        let text: String
        /// What the comment says; empty if there is none.
        let comment: String

        init(_ line: String) {
            let parts = line.split(separator: #/ +# /#, maxSplits: 1)
            text = parts.first.map(String.init) ?? ""
            comment = parts.count > 1 ? String(parts[1]) : ""
        }

        /// The program, and what it is told first.
        var words: [Substring] { text.split(separator: " ") }

        var testDescription: String { text }
    }

    /// All commands, in their order.
    static let commands: [Command] = {
        let file = Program.repository.appending(path: "README.md")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        let blocks = text.matches(of: #/\n```sh\n((?:.*\n)*?)```/#)
        return blocks.flatMap { $0.1.split(separator: "\n").map { Command(String($0)) } }
    }()

    /// Those about users, which belong together.
    static let users = commands.filter { $0.text.contains(#/ passwd | --users | -U /#) }
    private static let others = commands.filter { command in
        !users.contains { $0.text == command.text }
    }
    /// Those that serve until they are ended.
    static let servers = others.filter { $0.words[0] == "culvert" || $0.text == "make run" }
    /// Those that prepare or check.
    static let targets = others.filter { $0.words[0] == "make" && $0.text != "make run" }
    /// Those that use a culvert.
    static let clients = others.filter { !["culvert", "make"].contains($0.words[0]) }
}

import Foundation

/// The Makefile, as far as tests ask it.
enum Makefile {
    /// What make would run for these targets.
    static func dryRun(_ targets: [String]) throws -> String {
        try Program.output(
            of: "make",
            ["-C", Program.repository.path, "--no-print-directory", "--dry-run"] + targets,
            environment: ["MAKEFLAGS": "", "FLAGS": ""]
        )
    }

    /// The packages that it installs before it builds and tests.
    static func packages() throws -> Set<String> {
        let file = Program.repository.appending(path: "Makefile")
        let text = try String(contentsOf: file, encoding: .utf8)
            .replacingOccurrences(of: "\\\n", with: " ")
        let lists = text.matches(of: /(?:BUILD|TEST)_PACKAGES = (.*)/)
        return Set(lists.flatMap { $0.1.split(separator: #/\s+/#).map(String.init) })
    }
}

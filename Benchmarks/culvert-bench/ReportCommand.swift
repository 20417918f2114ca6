internal import ArgumentParser
internal import Kernel
internal import Load

/// Runs side by side.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Runs side by side as one page with tables and plots, from files of --json.",
        discussion: """
            The page is one file that a browser shows without a network. Each run has its column \
            in the tables and its line in the plots, in the order of the files and named after \
            them; other columns are compared with the first.
            """
    )

    @Option(help: ArgumentHelp("Where to write the page.", valueName: "file"))
    var html: String

    @Argument(
        help: ArgumentHelp("Files that --json wrote.", valueName: "figures"),
        transform: Reading.run
    )
    var runs: [Page.Run]

    func validate() throws {
        // Whoever leaves out the name of the page would lose the first file.
        guard (try? Reading.run(html)) == nil else {
            throw ValidationError(
                "The value '\(html)' is invalid for '--html': it has the figures of a run; "
                    + "give another file."
            )
        }
    }

    func run() throws {
        let named = zip(ReportCommand.names(runs.map(\.name)), runs).map { name, run in
            Page.Run(name: name, figures: run.figures)
        }
        do {
            try Records.open("--html", html)?.write(Page(runs: named).text)
        } catch {
            OutputFile.complain("Error: \(error)\n")
            throw ExitCode(error is SettingError ? 64 : 1)
        }
    }

    /// `paths` without the folders that all are in, and without what all files of figures end with.
    private static func names(_ paths: [String]) -> [String] {
        var parts = paths.map { $0.split(separator: "/")[...] }
        while let folder = parts.first?.first,
            parts.allSatisfy({ $0.count > 1 && $0.first == folder })
        {
            parts = parts.map { $0.dropFirst() }
        }
        return parts.map { parts in
            let name = parts.joined(separator: "/")
            return name.hasSuffix(".json") ? String(name.dropLast(5)) : name
        }
    }
}

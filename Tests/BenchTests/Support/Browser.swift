import Foundation
import Testing

/// A page as a browser has it once the page's own program has run.
struct Browser {
    /// The whole document, as HTML.
    let document: String

    /// Opens the file at `path` in Chromium, without a screen.
    init(_ path: String) throws {
        let profile = try Scratch()
        let flags = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update",
            "--user-data-dir=\(profile.path("profile"))", "--virtual-time-budget=30000",
            "--dump-dom",
        ]
        let page = URL(filePath: path).absoluteString
        let result = try Tool.run(["chromium"] + flags + [page], URL(filePath: "/usr/bin/env"))
        try #require(result.status == 0, "\(result.errors)")
        document = result.output
    }

    /// The plots by their titles: of each, which runs have a line in it.
    var plots: [String: Set<Int>] {
        let plot = #/<svg class="plot"[^>]* aria-label="([^"]*): [^":]*".*?<\/svg>/#
        // A line leads from one point to another.
        let line = #/<path class="series" data-run="(\d+)" d="M[\d.,-]+[LV][\d.,LVH-]+"/#
        let found = document.matches(of: plot.dotMatchesNewlines()).map { match in
            (String(match.1), Set(match.0.matches(of: line).compactMap { Int($0.1) }))
        }
        return Dictionary(found) { first, _ in first }
    }

    /// What each run has in the rows of this name, without the comparison with the first.
    func cells(_ name: String) -> [[String]] {
        let row = #/<tr[^>]*><th scope="row">([^<]*)<\/th>(.*?)<\/tr>/#
        return document.matches(of: row).filter { $0.1 == name }.map { match in
            match.2.matches(of: #/<td[^>]*>([^<]*)/#).map { String($0.1) }
        }
    }
}

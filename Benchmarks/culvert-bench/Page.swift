/// Runs side by side as one HTML file that needs nothing else.
///
/// It holds what `--json` writes of each run, and a program that draws tables and plots from it,
/// which puts whatever a run holds on the page as text. It asks no network for anything, and its
/// policy has the browser see to that.
struct Page {
    /// One run: its name on the page, and its figures as JSON.
    struct Run {
        let name: String
        let figures: String
    }

    let runs: [Run]

    /// The file.
    var text: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="\(Page.policy)">
        <title>culvert-bench</title>
        <style>
        \(Page.style)
        </style>
        </head>
        <body>
        <header><h1></h1><ul></ul></header>
        <main></main>
        <noscript>This page needs JavaScript to draw what it holds.</noscript>
        \(runs.map(Page.element).joined(separator: "\n"))
        <script type="module">
        \([Page.tables, Page.plots, Page.series, Page.sections].joined(separator: "\n\n"))
        </script>
        </body>
        </html>

        """
    }

    private static let policy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

    /// The figures of `run`, which can't end the element early: no `<` is left in them.
    private static func element(_ run: Run) -> String {
        let name = escaped(run.name, ["&": "&amp;", "\"": "&quot;", "<": "&lt;"])
        let figures = escaped(run.figures, ["<": "\\u003c"])
        return "<script type=\"application/json\" class=\"run\" data-name=\"\(name)\">"
            + "\(figures)</script>"
    }

    private static func escaped(_ text: String, _ escapes: [Unicode.Scalar: String]) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if let escape = escapes[scalar] {
                result += escape
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

import Foundation
import Testing

extension ProgramTests {
    /// The page of `--html` and of `report`, in a browser.
    @Suite struct Pages {
        @Test func `a page shows figures and plots of its run`() throws {
            let folder = try Scratch()
            let own = "\(ProcessInfo.processInfo.processIdentifier)"
            let result = try Tool.run([
                "rate", "--direct", "--count", "2345", "--seed", "271828", "--pid", own,
                "--html", folder.path("a.html"),
            ])
            #expect(result.status == 0)
            #expect(try folder.names() == ["a.html"])
            let page = try Browser(folder.path("a.html"))
            #expect(page.document.contains("<title>culvert-bench: rate</title>"))
            let plots = page.plots
            for title in [
                "Message: time by percentile", "Set-up: time by percentile",
                "Tunnel: time by percentile", "Tunnels ended well a second",
                "Memory of the process, resident", "Memory of the kernel, added since the start",
            ] {
                #expect(plots[title] == [0], "\(title) among \(plots)")
            }
            #expect(!page.document.contains("NaN"))
            #expect(page.cells("count") == [["2,345"]])
            #expect(page.cells("of") == [["2,345"], ["2,345"], ["2,345"]])
            #expect(page.cells("seed") == [["271828"]])
            #expect(page.cells("Failures") == [["0"]])
        }

        @Test func `a page asks no network for anything`() throws {
            let folder = try Scratch()
            _ = try Tool.run(["verify", "--direct", "--html", folder.path("a.html")])
            let text = try folder.text("a.html")
            #expect(text.contains("default-src 'none'"))
            #expect(!text.contains(#/(src|href)\s*=|url\(|@import|fetch\(|\bimport\b/#))
        }

        @Test func `an interrupt writes the page of what was measured so far`() throws {
            let folder = try Scratch()
            let result = try Tool.runUntilInterrupted(["--html", folder.path("a.html")])
            #expect(result.status == 130)
            #expect(try folder.names() == ["a.html"])
            let page = try Browser(folder.path("a.html"))
            #expect(page.document.contains(#/<span class="bad"> interrupted<\/span>/#))
            #expect(page.plots["Messages a second"] == [0])
        }

        @Test func `a report lays runs side by side`() throws {
            let folder = try Scratch()
            for (name, size) in [("one.json", "64"), ("two.json", "1000")] {
                _ = try Tool.run([
                    "echo", "--direct", "--warmup", "0", "--duration", "600ms", "--size", size,
                    "--json", folder.path(name),
                ])
            }
            try folder.write("bare.json", #"{"tool": "culvert-bench", "format": 1}"#)
            let files = ["one.json", "two.json", "bare.json"].map { folder.path($0) }
            let result = try Tool.run(["report", "--html", folder.path("all.html")] + files)
            #expect(result.status == 0)
            #expect(result.errors == "")
            let page = try Browser(folder.path("all.html"))
            for name in ["one", "two", "bare"] {
                #expect(page.document.contains("<strong>\(name)</strong>"))
            }
            let plots = page.plots
            for title in [
                "Message: time by percentile", "Messages a second",
                "Memory of the kernel, added since the start",
            ] {
                #expect(plots[title] == [0, 1], "\(title) among \(plots)")
            }
            #expect(page.cells("size") == [["64", "1,000", "–"]])
            #expect(page.document.contains(#/<tr class="marked"><th scope="row">size</#))
        }

        @Test func `what a file says is shown as text`() throws {
            let folder = try Scratch()
            _ = try Tool.run(["verify", "--direct", "--json", folder.path("a.json")])
            var figures = try folder.figures("a.json")
            let attack = #"</script><img src=x onerror="document.title='taken'"><!-- & '"#
            figures["failures"] = [
                ["side": "client", "stage": attack, "kind": "lost", "detail": "", "count": 7]
            ]
            figures["examples"] = [attack]
            figures["kernel"] = attack
            let name = #"a"><img src=x onerror="document.title='taken'">.json"#
            let data = try JSONSerialization.data(
                withJSONObject: figures,
                options: [.prettyPrinted, .withoutEscapingSlashes]
            )
            try data.write(to: folder.file(name))
            let paths = ["--html", folder.path("a.html"), folder.path(name)]
            #expect(try Tool.run(["report"] + paths).status == 0)
            let page = try Browser(folder.path("a.html"))
            #expect(page.document.contains("<title>culvert-bench: verify</title>"))
            #expect(!page.document.contains("<img"))
            let shown = #"&lt;/script&gt;&lt;img src=x onerror="document.title='taken'"&gt;"#
            #expect(page.document.contains(#"client, \#(shown)&lt;!-- &amp; ': lost"#))
            #expect(page.cells("Failures") == [["7"]])
        }
    }
}

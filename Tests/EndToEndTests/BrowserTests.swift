import Foundation
import Testing

extension EndToEndTests {
    /// A browser that loads a page of several parts.
    @Suite struct Browser {
        private static let parts = [
            "index.html": """
            <!doctype html>
            <title>A page of parts</title>
            <link rel="stylesheet" href="style.css">
            <img id="image" src="image.svg">
            <script src="script.js"></script>
            <p id="proof">nothing yet</p>
            """,
            "style.css": "body { --part: loaded }",
            "image.svg": #"<svg xmlns="http://www.w3.org/2000/svg" width="37" height="23"/>"#,
            "script.js": """
            addEventListener("load", async () => {
                const bytes = await (await fetch("data")).arrayBuffer();
                const style = getComputedStyle(document.body).getPropertyValue("--part").trim();
                const image = document.getElementById("image").naturalWidth;
                document.getElementById("proof").textContent =
                    `style ${style}, image ${image}, fetched ${bytes.byteLength}`;
            });
            """,
        ]

        @Test(arguments: [[], ["--tls-ports", "any", "--tls-sni", "match"]])
        func `Chromium loads a page with all its parts through tunnels`(more: [String]) throws {
            let origin = try WebOrigin()
            for (name, text) in Self.parts { try origin.site.write(name, Data(text.utf8)) }
            _ = try origin.makeFile("data", bytes: 1 << 20)
            // What else a browser asks for finds no name.
            let names = try NameServer { _ in .noSuchName }
            let server = ["--name-server", "\(names.endpoint)"]
            let culvert = try Culvert(origin.openFlags + server + more)
            let profile = try Folder()
            let flags = [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update",
                "--user-data-dir=\(profile.path(""))", "--proxy-server=\(culvert.url)",
                "--proxy-bypass-list=<-loopback>",
                "--ignore-certificate-errors-spki-list=\(try origin.certificates.fingerprint)",
                "--virtual-time-budget=30000", "--dump-dom",
            ]
            let chromium = try Program.run("chromium", flags + [origin.url("")])
            let proof = "style loaded, image 37, fetched 1048576"
            #expect(chromium.output.contains(proof), "\(chromium.output)\n\(chromium.errors)")
            let end = try culvert.record("end") {
                $0["authority"] as? String == origin.authority
                    && ($0["bytes_in"] as? Int ?? 0) > 1 << 20
            }
            #expect(end["status"] as? Int == 200)
        }
    }
}

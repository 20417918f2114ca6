import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Real clients that say who they are: some at once, some only when they are asked, by a second
    /// connection.
    @Suite struct AskedClients {
        /// An origin with a file, and a culvert before it that "ana" may use.
        private struct Scene {
            let origin: WebOrigin
            let culvert: Culvert
            let folder: Folder
            let digest: String

            init() throws {
                origin = try WebOrigin()
                digest = try origin.makeFile("data", bytes: 100_000)
                folder = try Folder()
                culvert = try Culvert(origin.openFlags + (try folder.writeUsers(["ana"])))
            }

            /// The proxy, with a name and a password.
            func proxy(_ password: String) -> String {
                "http://ana:\(password)@\(culvert.endpoint)"
            }

            /// Expects that it was let through, and that it had to be asked if `isAsked`.
            func expectTunnel(isAsked: Bool) throws {
                let end = try culvert.record("end") { $0["status"] as? Int == 200 }
                #expect(end["user"] as? String == "ana")
                let statuses = culvert.journal.all.compactMap(Culvert.record)
                    .filter { $0["event"] as? String == "end" }
                    .map { $0["status"] as? Int }
                #expect(statuses.first == (isAsked ? 407 : 200))
                #expect(statuses.dropFirst().allSatisfy { $0 == 200 })
            }
        }

        @Test func `curl that picks a scheme itself is asked first`() throws {
            let scene = try Scene()
            let output = scene.folder.path("data")
            for (word, status) in [("word", "200"), ("wrong", "407")] {
                let curl = try scene.origin.curl(
                    through: scene.culvert,
                    scene.origin.url("data"),
                    ["--proxy-anyauth", "-U", "ana:\(word)", "-o", output, "-w", "%{http_connect}"]
                )
                #expect(curl.output == status, "\(curl.errors)")
                guard status == "200" else { continue }
                #expect(try WebOrigin.digest(output) == scene.digest)
                try scene.expectTunnel(isAsked: true)
            }
        }

        @Test func `git is asked first`() throws {
            let scene = try Scene()
            let commit = try scene.origin.makeRepository("repository.git")
            let copy = scene.folder.path("copy")
            let url = scene.origin.url("repository.git")
            let settings = ["-c", "http.proxy=\(scene.proxy("word"))"]
            _ = try Program.output(
                of: "git",
                settings + ["clone", "--quiet", url, copy],
                environment: [
                    "GIT_SSL_CAINFO": scene.origin.certificates.authority,
                    "GIT_CONFIG_GLOBAL": "/dev/null",
                ]
            )
            #expect(try Program.output(of: "git", ["-C", copy, "rev-parse", "HEAD"]) == commit)
            try scene.expectTunnel(isAsked: true)
        }

        @Test func `Java is asked first`() throws {
            let scene = try Scene()
            let java = try Program.run(
                "java",
                [
                    "-Djdk.http.auth.tunneling.disabledSchemes=",
                    Program.script("Download.java"), "127.0.0.1",
                    "\(scene.culvert.endpoint.port)", scene.origin.certificates.authority,
                    scene.origin.url("data"), "ana", "word",
                ]
            )
            #expect(java.output == "\(scene.digest)\n", "\(java.errors)")
            try scene.expectTunnel(isAsked: true)
        }

        @Test func `Python's requests and wget say it at once`() throws {
            let script = """
                import hashlib, requests, sys
                proxy, authority, url = sys.argv[1:]
                session = requests.Session()
                session.trust_env = False
                session.proxies, session.verify = {"https": proxy}, authority
                print(hashlib.sha256(session.get(url, timeout=30).content).hexdigest())
                """
            let scene = try Scene()
            let words = [scene.origin.certificates.authority, scene.origin.url("data")]
            let python = ["-c", script]
            let output = try Program.output(
                of: Program.python,
                python + [scene.proxy("word")] + words
            )
            #expect(output == scene.digest)
            try scene.expectTunnel(isAsked: false)
            let bad = try Program.run(Program.python, python + [scene.proxy("wrong")] + words)
            #expect(bad.status != 0 && bad.errors.contains("407 Proxy Authentication Required"))

            let other = try Scene()
            let file = other.folder.path("data")
            let wget = try Program.run(
                "wget",
                [
                    "--quiet", "--tries=1", "--output-document=\(file)",
                    "--ca-certificate=\(other.origin.certificates.authority)",
                    other.origin.url("data"),
                ],
                environment: ["https_proxy": other.proxy("word")]
            )
            #expect(wget.status == 0, "\(wget.errors)")
            #expect(try WebOrigin.digest(file) == other.digest)
            try other.expectTunnel(isAsked: false)
        }
    }
}

import Foundation
import Testing

extension EndToEndTests {
    /// Clients of HTTPS, as their users run them, against an origin that they trust.
    @Suite struct WebClients {
        private static let bytes = 12 << 20

        /// The end record of the tunnel to `origin`, which carried everything.
        ///
        /// A curl that speaks HTTP/2 closes without having read its origin's goodbye, and so it may
        /// answer that by a reset.
        private func expectTunnel(
            _ culvert: Culvert,
            _ origin: WebOrigin,
            _ key: String,
            reasons: [String] = ["closed"]
        ) throws {
            let end = try culvert.end(of: origin.authority)
            #expect(end["status"] as? Int == 200)
            #expect(reasons.contains(try #require(end["reason"] as? String)))
            #expect(end["address"] as? String == "127.0.0.1:\(origin.port)")
            #expect(try #require(end[key] as? Int) > Self.bytes)
        }

        @Test func `curl downloads over HTTP/1.1 what the origin has`() throws {
            let origin = try WebOrigin()
            let digest = try origin.makeFile("data", bytes: Self.bytes)
            let culvert = try Culvert(origin.openFlags)
            let folder = try Folder()
            let flags = ["--output", folder.path("data"), "--write-out", Self.codes]
            let curl = try origin.curl(through: culvert, origin.url("data"), flags)
            #expect(curl.output == "200 200 1.1", "\(curl.errors)")
            #expect(try WebOrigin.digest(folder.path("data")) == digest)
            try expectTunnel(culvert, origin, "bytes_in")
        }

        @Test func `curl uploads over HTTP/1.1 what the origin gets`() throws {
            let origin = try WebOrigin()
            let digest = try origin.makeFile("data", bytes: Self.bytes)
            let culvert = try Culvert(origin.openFlags)
            let flags = [
                "--upload-file", origin.site.path("data"), "--write-out", " \(Self.codes)",
            ]
            let curl = try origin.curl(through: culvert, origin.url("data"), flags)
            #expect(curl.output == "\(digest) 200 200 1.1", "\(curl.errors)")
            try expectTunnel(culvert, origin, "bytes_out")
        }

        @Test func `curl downloads over HTTP/2 what the origin has`() throws {
            let origin = try WebOrigin(.http2)
            let digest = try origin.makeFile("data", bytes: Self.bytes)
            let culvert = try Culvert(origin.openFlags)
            let folder = try Folder()
            let flags = ["--http2", "--output", folder.path("data"), "--write-out", Self.codes]
            let curl = try origin.curl(through: culvert, origin.url("data"), flags)
            #expect(curl.output == "200 200 2", "\(curl.errors)")
            #expect(try WebOrigin.digest(folder.path("data")) == digest)
            try expectTunnel(culvert, origin, "bytes_in", reasons: ["closed", "reset"])
        }

        @Test func `curl uploads over HTTP/2, and gets it back`() throws {
            let origin = try WebOrigin(.http2)
            let digest = try origin.makeFile("data", bytes: Self.bytes)
            let culvert = try Culvert(origin.openFlags)
            let folder = try Folder()
            let body = ["--data-binary", "@\(origin.site.path("data"))"]
            let flags = ["--http2", "--output", folder.path("data"), "--write-out", Self.codes]
            let curl = try origin.curl(through: culvert, origin.url("echo"), flags + body)
            #expect(curl.output == "200 200 2", "\(curl.errors)")
            #expect(try WebOrigin.digest(folder.path("data")) == digest)
            try expectTunnel(culvert, origin, "bytes_out", reasons: ["closed", "reset"])
        }

        /// What curl is to tell: the proxy's status, the origin's, and the version of HTTP.
        private static let codes = "%{http_connect} %{response_code} %{http_version}"

        @Test func `many downloads share one HTTP/2 tunnel`() throws {
            let origin = try WebOrigin(.http2)
            let digest = try origin.makeFile("data", bytes: 1 << 20)
            let culvert = try Culvert(origin.openFlags)
            let folder = try Folder()
            let flags = ["--http2", "--parallel", "--output", folder.path("#1")]
            let url = origin.url("data?[1-8]")
            let curl = try origin.curl(through: culvert, url, flags)
            #expect(curl.status == 0, "\(curl.errors)")
            for number in 1...8 {
                #expect(try WebOrigin.digest(folder.path("\(number)")) == digest)
            }
            _ = try culvert.end(of: origin.authority)
            #expect(try culvert.status()["opened"] == 1)
        }

        @Test func `wget downloads what the origin has`() throws {
            let origin = try WebOrigin()
            let digest = try origin.makeFile("data", bytes: Self.bytes)
            let culvert = try Culvert(origin.openFlags)
            let folder = try Folder()
            let flags = [
                "--quiet", "--tries=1", "--ca-certificate=\(origin.certificates.authority)",
                "--output-document=\(folder.path("data"))",
            ]
            let wget = try Program.run(
                "wget",
                flags + [origin.url("data")],
                environment: ["https_proxy": culvert.url]
            )
            #expect(wget.status == 0, "\(wget.errors)")
            #expect(try WebOrigin.digest(folder.path("data")) == digest)
            try expectTunnel(culvert, origin, "bytes_in")
        }

        @Test func `openssl s_client speaks TLS to the origin`() throws {
            let origin = try WebOrigin()
            try origin.site.write("word", Data("tunnelled".utf8))
            let culvert = try Culvert(origin.openFlags)
            let client = try Program.run(
                "openssl",
                [
                    "s_client", "-proxy", "\(culvert.endpoint)", "-connect", origin.authority,
                    "-servername", WebOrigin.name, "-CAfile", origin.certificates.authority,
                    "-verify_return_error", "-verify_hostname", WebOrigin.name, "-quiet",
                ],
                input: "GET /word HTTP/1.1\r\nHost: \(WebOrigin.name)\r\nConnection: close\r\n\r\n"
            )
            #expect(client.status == 0, "\(client.errors)")
            #expect(client.output.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(client.output.hasSuffix("\r\n\r\ntunnelled"))
            #expect(try culvert.end(of: origin.authority)["status"] as? Int == 200)
        }

        @Test func `a session of Python's requests keeps its tunnel`() throws {
            let origin = try WebOrigin()
            let digest = try origin.makeFile("data", bytes: Self.bytes)
            let culvert = try Culvert(origin.openFlags)
            let script = """
                import hashlib, requests, sys
                proxy, authority, url = sys.argv[1:]
                session = requests.Session()
                session.trust_env = False
                session.proxies, session.verify = {"https": proxy}, authority
                data = session.get(url, timeout=30).content
                print(hashlib.sha256(data).hexdigest())
                print(session.put(url, data, timeout=30).text)
                """
            let arguments = [culvert.url, origin.certificates.authority, origin.url("data")]
            let output = try Program.output(of: Program.python, ["-c", script] + arguments)
            #expect(output == "\(digest)\n\(digest)")
            try expectTunnel(culvert, origin, "bytes_in")
            try expectTunnel(culvert, origin, "bytes_out")
            #expect(try culvert.status()["opened"] == 1)
        }

        @Test func `git clones a repository`() throws {
            let origin = try WebOrigin()
            let commit = try origin.makeRepository("repository.git")
            let culvert = try Culvert(origin.openFlags)
            let folder = try Folder()
            let trust = ["GIT_SSL_CAINFO": origin.certificates.authority]
            let url = origin.url("repository.git")
            let copy = folder.path("copy")
            _ = try Program.output(
                of: "git",
                ["-c", "http.proxy=\(culvert.url)", "clone", "--quiet", url, copy],
                environment: trust.merging(["GIT_CONFIG_GLOBAL": "/dev/null"]) { $1 }
            )
            #expect(try Program.output(of: "git", ["-C", copy, "rev-parse", "HEAD"]) == commit)
            _ = try Program.output(of: "git", ["-C", copy, "fsck", "--strict"])
            let end = try culvert.end(of: origin.authority)
            #expect(try #require(end["bytes_in"] as? Int) > 1 << 20)
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Real clients of tunnels that must be TLS: those that speak it, and those that don't.
    @Suite struct TLSClients {
        private static let strict = ["--tls-ports", "any", "--tls-sni", "match"]

        /// An origin with a word to download, and a culvert before it.
        private struct Scene {
            let origin: WebOrigin
            let culvert: Culvert
            let digest: String

            init(_ more: [String] = []) throws {
                origin = try WebOrigin()
                digest = try origin.makeFile("data", bytes: 3 << 20)
                culvert = try Culvert(origin.openFlags + TLSClients.strict + more)
            }

            var trust: String { origin.certificates.authority }

            func expectTunnel() throws {
                let end = try culvert.end(of: origin.authority)
                #expect(end["status"] as? Int == 200)
                #expect(try #require(end["bytes_in"] as? Int) > 3 << 20)
                #expect(try culvert.status()["not_tls"] == 0)
            }
        }

        // MARK: Clients that speak TLS

        @Test func `openssl s_client speaks TLS to the origin`() throws {
            let scene = try Scene()
            let flags = [
                "s_client", "-proxy", "\(scene.culvert.endpoint)", "-connect",
                scene.origin.authority, "-CAfile", scene.trust, "-verify_return_error", "-quiet",
            ]
            let input = "GET /data HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            for version in ["-tls1_2", "-tls1_3"] {
                let name = ["-servername", WebOrigin.name, version]
                let client = try Program.run("openssl", flags + name, input: input)
                #expect(client.status == 0, "\(client.errors)")
                #expect(client.output.hasPrefix("HTTP/1.1 200 OK\r\n"))
                try scene.expectTunnel()
            }
        }

        @Test(arguments: [
            (["-noservername"], "tls-sni-missing"),
            (["-servername", "front.test"], "tls-sni-mismatch"),
        ])
        func `openssl s_client without the right name gets nowhere`(
            name: [String],
            reason: String
        ) throws {
            let scene = try Scene()
            let flags = [
                "s_client", "-proxy", "\(scene.culvert.endpoint)", "-connect",
                scene.origin.authority,
            ]
            let client = try Program.run("openssl", flags + name)
            #expect(client.status != 0)
            let end = try scene.culvert.end(of: scene.origin.authority)
            #expect(end["reason"] as? String == reason)
        }

        @Test func `curl downloads what the origin has`() throws {
            let scene = try Scene()
            let folder = try Folder()
            let flags = ["--output", folder.path("data")]
            let url = scene.origin.url("data")
            let curl = try scene.origin.curl(through: scene.culvert, url, flags)
            #expect(curl.status == 0, "\(curl.errors)")
            #expect(try WebOrigin.digest(folder.path("data")) == scene.digest)
            try scene.expectTunnel()
        }

        @Test func `Python's ssl downloads what the origin has`() throws {
            let scene = try Scene()
            let script = """
                import hashlib, http.client, ssl, sys
                proxy, trust, host, port = sys.argv[1:]
                context = ssl.create_default_context(cafile=trust)
                client = http.client.HTTPSConnection(proxy, context=context, timeout=30)
                client.set_tunnel(host, int(port))
                client.request("GET", "/data")
                print(hashlib.sha256(client.getresponse().read()).hexdigest())
                """
            let arguments = [
                "\(scene.culvert.endpoint)", scene.trust, WebOrigin.name, "\(scene.origin.port)",
            ]
            let output = try Program.output(of: Program.python, ["-c", script] + arguments)
            #expect(output == scene.digest)
            try scene.expectTunnel()
        }

        @Test func `Java downloads what the origin has`() throws {
            let scene = try Scene()
            let arguments = [
                Program.script("Download.java"), "127.0.0.1", "\(scene.culvert.endpoint.port)",
                scene.trust, scene.origin.url("data"),
            ]
            #expect(try Program.output(of: "java", arguments) == scene.digest)
            try scene.expectTunnel()
        }

        /// It knows no proxies, so its tunnel is opened for it.
        @Test func `gnutls-cli speaks TLS to the origin`() throws {
            let scene = try Scene()
            let (culvert, authority) = (scene.culvert, scene.origin.authority)
            let entry = try Origin { client in
                let tunnel = try Stream.tunnel(culvert, to: authority)
                Foundation.Thread.detachNewThread { try? client.pour(into: tunnel) }
                try tunnel.pour(into: client)
            }
            let flags = [
                "--x509cafile", scene.trust, "--sni-hostname", WebOrigin.name,
                "--verify-hostname", WebOrigin.name, "--port", "\(entry.endpoint.port)",
            ]
            let client = try Program.run("gnutls-cli", flags + ["127.0.0.1"])
            #expect(client.status == 0, "\(client.errors)")
            #expect(client.output.contains("- Handshake was completed"), "\(client.output)")
            let end = try culvert.end(of: authority)
            #expect(end["status"] as? Int == 200)
            #expect(try #require(end["bytes_in"] as? Int) > 500)
        }

        // MARK: Clients that don't

        @Test func `ssh is refused`() throws {
            let server = try SecureShell()
            let culvert = try Culvert(Culvert.openFlags + Self.strict)
            let flags = [
                "-F", server.configuration, "-o", "Port=\(server.port)",
                "-o", "ProxyCommand=nc -X connect -x \(culvert.endpoint) %h %p", "127.0.0.1",
            ]
            #expect(try Program.run("ssh", flags + ["true"]).status == 255)
            let end = try culvert.end(of: "127.0.0.1:\(server.port)")
            #expect(end["reason"] as? String == "not-tls" && end["bytes_in"] as? Int == 0)
        }

        @Test(arguments: [("http", "not-tls"), ("smtp", "tls-hello-timeout")])
        func `curl without TLS is refused`(scheme: String, reason: String) throws {
            let origin = try Origin { stream in
                try stream.send("220 a.test ESMTP\r\n")
                _ = try stream.receiveToEnd()
            }
            let limit = ["--tls-hello-timeout", "300ms"]
            let culvert = try Culvert(Culvert.openFlags + Self.strict + limit)
            let curl = try Program.run(
                "curl",
                ["--silent", "--proxytunnel", "--proxy", culvert.url]
                    + ["\(scheme)://\(origin.authority)/"]
            )
            #expect(curl.status != 0 && curl.output == "")
            let end = try culvert.end(of: origin.authority)
            #expect(end["reason"] as? String == reason)
            #expect(end["bytes_out"] as? Int == 0 && end["bytes_in"] as? Int == 0)
        }

        // MARK: Defaults

        @Test func `by default tunnels to port 443 must be TLS and others need not`() throws {
            let namespace = try Namespace()
            let (https, other) = try namespace.inside {
                (try Origin("::", port: 443), try Origin("::", port: 8443))
            }
            let flags = ["--allow-port", "443", "--allow-port", "8443"]
            let culvert = try Culvert(flags, listen: "127.0.0.1:3128", in: namespace)
            func open(_ port: Int) throws -> Stream {
                try namespace.inside {
                    try Stream.tunnel(culvert, to: "\(Namespace.public4):\(port)")
                }
            }
            let hello = ClientHello("curl").bytes
            for origin in [https, other] {
                let tunnel = try open(Int(origin.endpoint.port))
                try tunnel.send(hello)
                #expect(try origin.accept().receive(exactly: hello.count) == hello)
            }
            let plain = try open(8443)
            try plain.send("SSH-2.0-test\r\n")
            #expect(try other.accept().receive(exactly: 4) == Array("SSH-".utf8))
            let refused = try open(443)
            try refused.send("SSH-2.0-test\r\n")
            #expect(try refused.receiveToEnd().end == .reset)
            #expect(try https.accept().receiveToEnd().bytes == [])
            culvert.stop()
            let open443 = try Culvert(
                ["--tls-ports", "none"],
                listen: "127.0.0.1:3129",
                in: namespace
            )
            let passed = try namespace.inside {
                try Stream.tunnel(open443, to: "\(Namespace.public4):443")
            }
            try passed.send("SSH-2.0-test\r\n")
            #expect(try https.accept().receive(exactly: 4) == Array("SSH-".utf8))
        }
    }
}

extension Stream {
    /// Sends what comes to `other`, and its end.
    fileprivate func pour(into other: Stream) throws {
        while true {
            let bytes = try receive()
            guard !bytes.isEmpty else { return try other.finish() }
            try other.send(bytes)
        }
    }
}

import Foundation
import Internet
import Testing

extension EndToEndTests {
    /// Both ends of the tunnel without CONNECT: `culvert client`, and `culvert --method-tunnel`.
    @Suite struct BothEnds {
        /// A server, a client of it by way of a proxy of `kind` if there is one, and that proxy.
        private struct Path {
            let server: Culvert
            let proxy: MiddleProxy?
            let client: Culvert

            init(
                _ kind: MiddleProxy.Kind? = nil,
                server flags: [String] = [],
                client more: [String] = []
            ) throws {
                let server = try Culvert(MethodTunnels.flags + flags)
                let port = server.endpoint.port
                let proxy = try kind.map { try MiddleProxy($0, before: port) }
                let way = proxy?.way(to: port) ?? (server: "\(server.url)/tunnel", flags: [])
                client = try Culvert.client(way.server, way.flags + more)
                self.server = server
                self.proxy = proxy
            }
        }

        @Test(arguments: [nil] + MiddleProxy.Kind.allCases.map(Optional.some), ["1", "2"])
        func `every byte comes through, both ways`(
            _ kind: MiddleProxy.Kind?,
            _ workers: String
        ) throws {
            let path = try Path(kind, server: ["--workers", workers])
            let origin = try Origin.echo()
            let count = 4 << 20
            let streams = try (0..<4).map { _ in
                try Stream.tunnel(path.client, to: origin.authority)
            }
            try Stream.expectEchoes(of: count, on: streams)
            let end = try path.server.end(of: origin.authority)
            #expect(end["way"] as? String == "method" && end["reason"] as? String == "closed")
            #expect(path.client.stop() == 0)
            // The proxy may keep its connections; the session is over.
            while try path.server.status()["sessions"] != 0 {}
            #expect(try path.server.status()["violations"] == 0)
        }

        @Test(arguments: [nil] + MiddleProxy.Kind.allCases.map(Optional.some))
        func `curl, git and a shell get through`(_ kind: MiddleProxy.Kind?) throws {
            let path = try Path(kind)
            let origin = try WebOrigin()
            if kind == .squid {
                let squid = try #require(path.proxy)
                let words = ["--silent", "--proxy", "127.0.0.1:\(squid.port)", "--insecure"]
                let curl = try Program.run(
                    "curl",
                    words + ["-o", "/dev/null", "-w", "%{http_connect}", origin.url("data")]
                )
                #expect(curl.output == "403", "it lets CONNECT through")
            }
            let digest = try origin.makeFile("data", bytes: 5 << 20)
            let folder = try Folder()
            _ = try origin.curl(
                through: path.client,
                origin.url("data"),
                [
                    "--output", folder.path("data"),
                    "--connect-to", "\(origin.authority):127.0.0.1:\(origin.port)",
                ]
            )
            #expect(try WebOrigin.digest(folder.path("data")) == digest)

            let commit = try origin.makeRepository("repository.git")
            let environment = ["GIT_SSL_NO_VERIFY": "1", "GIT_CONFIG_GLOBAL": "/dev/null"]
            let place = "https://127.0.0.1:\(origin.port)/repository.git"
            let copy = folder.path("copy")
            let clone = ["-c", "http.proxy=\(path.client.url)", "clone", "--quiet", place, copy]
            _ = try Program.output(of: "git", clone, environment: environment)
            #expect(try Program.output(of: "git", ["-C", copy, "rev-parse", "HEAD"]) == commit)

            let shell = try SecureShell()
            let command = "nc -X connect -x \(path.client.endpoint) %h %p"
            let ssh = try Program.run(
                "ssh",
                [
                    "-F", shell.configuration, "-o", "ProxyCommand=\(command)", "-p",
                    "\(shell.port)", "127.0.0.1", "cat",
                ],
                input: "echoed\n"
            )
            #expect(ssh.output == "echoed\n", "\(ssh.errors)")
        }

        @Test func `a refusal says who refused, and why`() throws {
            let path = try Path(client: ["--name", "near"])
            let refused = try path.client.ask(for: "127.0.0.1:1")
            #expect(refused.status == 502)
            #expect(refused.word == "connection_refused")
            #expect(try path.server.end(of: "127.0.0.1:1")["way"] as? String == "method")
        }

        @Test func `a user of the server gets in, and others are told at the start`() throws {
            let folder = try Folder()
            let users = try folder.writeUsers(["ana"], password: "secret")
            try folder.write("good", Data("ana:secret\n".utf8))
            try folder.write("bad", Data("ana:guess\n".utf8))
            let path = try Path(
                server: users,
                client: ["--credentials", folder.path("good")]
            )
            let origin = try Origin.echo()
            let stream = try Stream.tunnel(path.client, to: origin.authority)
            try stream.send("hello")
            #expect(try stream.receive(exactly: 5) == Array("hello".utf8))
            let open = try path.server.record("open")
            #expect(open["user"] as? String == "ana")

            let url = "\(path.server.url)/tunnel"
            let arguments = ["client", "--server", url, "--listen", "127.0.0.1:0"]
            for more in [[], ["--credentials", folder.path("bad")]] {
                let outcome = try Program.run(Culvert.program, arguments + more)
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("--credentials"), "\(outcome.errors)")
            }
        }
    }
}

import Foundation
import Synchronization
import Testing

extension EndToEndTests {
    /// The client on its way through real proxies of a network.
    @Suite struct ClientWays {
        @Test(arguments: MiddleProxy.Kind.allCases)
        func `every byte comes through, both ways`(kind: MiddleProxy.Kind) throws {
            let server = try FarServer()
            let proxy = try MiddleProxy(kind, before: server.port)
            let (url, flags) = proxy.way(to: server.port)
            let client = try Culvert.client(url, flags)
            let origin = try Origin.echo()
            let count = 4 << 20
            let streams = try (0..<3).map { _ in try Stream.tunnel(client, to: origin.authority) }
            try Stream.expectEchoes(of: count, on: streams)
            #expect(client.stop() == 0)
            server.expectNoViolation()
        }

        @Test func `a proxy that is restarted loses no byte`() throws {
            let server = try FarServer()
            let proxy = try MiddleProxy(.haproxy, before: server.port)
            let client = try Culvert.client(proxy.way(to: server.port).server)
            let origin = try Origin.echo()
            let stream = try Stream.tunnel(client, to: origin.authority)
            let (half, count) = (2 << 20, 4 << 20)
            try Crew.run([
                { try stream.send(.outbound, 0..<half) },
                { try stream.receive(.outbound, 0..<(half / 2)) },
            ])
            try proxy.restart()
            try Crew.run([
                {
                    try stream.send(.outbound, half..<count)
                    try stream.finish()
                },
                { try stream.receive(.outbound, (half / 2)..<count) },
            ])
            #expect(try stream.receiveToEnd().end == .fin)
            #expect(client.stop() == 0)
            server.expectNoViolation()
        }

        @Test func `many bytes go up in few requests`() throws {
            let server = try Culvert(MethodTunnels.flags)
            let sends = Mutex(0)
            let middle = try Origin.middle(before: server.endpoint) { head in
                if head.hasPrefix("PUT ") { sends.withLock { $0 += 1 } }
                return true
            }
            let client = try Culvert.client("http://\(middle.authority)/tunnel")
            let origin = try Origin()
            let near = try Stream.tunnel(client, to: origin.authority)
            let far = try origin.accept()
            let count = 8 << 20
            try Crew.run([
                { try near.send(.outbound, 0..<count) },
                { try far.receive(.outbound, 0..<count) },
            ])
            // One for each block that is received of a program would be 128.
            let number = sends.withLock { $0 }
            #expect(number < 90, "\(number)")
            near.close()
            far.close()
            #expect(client.stop() == 0)
        }

        @Test func `http_proxy names the way out, unless no_proxy names the server`() throws {
            let server = try FarServer()
            let proxy = try MiddleProxy(.squid, before: server.port)
            let environment = ["http_proxy=http://127.0.0.1:\(proxy.port)"]
            let client = try Culvert.client(server.url, environment: environment)
            #expect(client.notices.all.contains { $0.contains("by way of the proxy 127.0.0.1:") })
            let exempt = environment + ["no_proxy=localhost,127.0.0.1"]
            let other = try Culvert.client(server.url, environment: exempt)
            #expect(other.notices.all.contains { $0.contains("is made, directly") })
            let flags = ["--via-proxy", "none"]
            let third = try Culvert.client(server.url, flags, environment: environment)
            #expect(third.notices.all.contains { $0.contains("is made, directly") })
        }

        @Test(arguments: MiddleProxy.Kind.allCases)
        func `a shell answers at once`(kind: MiddleProxy.Kind) throws {
            let shell = try SecureShell()
            let server = try FarServer()
            let proxy = try MiddleProxy(kind, before: server.port)
            let (url, flags) = proxy.way(to: server.port)
            let client = try Culvert.client(url, flags)
            let command = "nc -X connect -x \(client.endpoint) %h %p"
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

        @Test func `git clones a repository by way of Squid`() throws {
            let origin = try WebOrigin()
            let commit = try origin.makeRepository("repository.git")
            let server = try FarServer()
            let proxy = try MiddleProxy(.squid, before: server.port)
            let (url, flags) = proxy.way(to: server.port)
            let client = try Culvert.client(url, flags)
            let folder = try Folder()
            let environment = ["GIT_SSL_NO_VERIFY": "1", "GIT_CONFIG_GLOBAL": "/dev/null"]
            let place = "https://127.0.0.1:\(origin.port)/repository.git"
            let copy = folder.path("copy")
            let clone = ["-c", "http.proxy=\(client.url)", "clone", "--quiet", place, copy]
            _ = try Program.output(of: "git", clone, environment: environment)
            #expect(try Program.output(of: "git", ["-C", copy, "rev-parse", "HEAD"]) == commit)
        }
    }
}

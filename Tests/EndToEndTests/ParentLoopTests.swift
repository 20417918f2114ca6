import Foundation
import Testing

extension EndToEndTests {
    /// Parents that are the proxy itself, whatever they are called.
    @Suite struct ParentLoops {
        @Test(arguments: ["self.test:443", "10.0.0.1:443", "127.0.0.1:443", "127.8.9.10:443"])
        func `a proxy is not its own parent by any name or address`(parent: String) throws {
            let namespace = try Namespace(hosts: ["10.0.0.1 self.test"])
            let (flags, folder) = try Self.flags(parent)
            defer { withExtendedLifetime(folder) {} }
            let culvert = try Culvert(flags, listen: "0.0.0.0:443", in: namespace)
            let refused = try namespace.inside { try culvert.ask(for: "a.test:443") }
            refused.expect(502, "proxy_loop_detected")
        }

        /// Lengths of Via that are passed on, and that come only from going round in circles.
        @Test(arguments: [1000, 2000])
        func `a Via as long as those of circles is refused, and credentials are forgotten`(
            length: Int
        ) throws {
            let parent = try Origin()
            let folder = try Folder()
            try folder.write("credentials", Data("ana:word".utf8))
            let (culvert, _) = try Parents.start(
                parent.authority,
                ", parent-credentials: \(folder.path("credentials"))",
                ["--max-tunnels", "16", "--buffers", "16"]
            )
            let via = String(repeating: "v", count: length)
            let client = try Stream(to: culvert.endpoint)
            try client.send("CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\nVia: 1.1 \(via)\r\n\r\n")
            if length == 2000 {
                try Refused(from: client).expect(502, "proxy_loop_detected")
            } else {
                #expect(try parent.accept().receiveHead().contains("Via: 1.1 \(via)\r\n"))
                client.reset()
            }
            try culvert.expectEmpty()
            #expect(try culvert.memory().range(of: Data("YW5hOndvcmQ=\r\n".utf8)) == nil)
        }

        @Test func `a Via with a tab and with more than ASCII is passed on as it is`() throws {
            let parent = try Origin()
            let (culvert, _) = try Parents.start(parent.authority)
            let client = try Stream(to: culvert.endpoint)
            let via = "Via: 1.1 x\t(caf\u{e9})\r\n"
            try client.send("CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n\(via)\r\n")
            #expect(try parent.accept().receiveHead().contains(via))
        }

        @Test func `nothing stays in memory of what a parent's refusal says`() throws {
            let parent = try Origin { stream in
                _ = try stream.receiveHead()
                try stream.send("HTTP/1.1 403 No\r\nProxy-Status: outer-7\r\n\r\n")
            }
            let (culvert, _) = try Parents.start(
                parent.authority,
                "",
                ["--max-tunnels", "16", "--buffers", "16"]
            )
            let refused = try culvert.ask(for: "a.test:443")
            #expect(refused.fields["Proxy-Status"]?.hasPrefix("outer-7, ") == true)
            try culvert.expectEmpty()
            // In the answer something stands behind it.
            let alone = Data("outer-7".utf8) + Data(repeating: 0, count: 8)
            #expect(try culvert.memory().range(of: alone) == nil)
        }

        private static func flags(_ parent: String) throws -> ([String], Folder) {
            let rule = "{name: up, action: allow, parent: '\(parent)'}"
            let folder = try Policies.folder("rules: [\(rule)]")
            return (["--policy", folder.path("policy.yaml")], folder)
        }
    }
}

import Foundation
import Testing

/// TLS of the tool against other programs that speak it.
extension ProgramTests {
    /// A folder with a key and a certificate for it, in files of these names.
    private func certified() throws -> Scratch {
        let folder = try Scratch()
        let openssl = try Peer([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", "/CN=test", "-days", "1", "-keyout", folder.path("key"),
            "-out", folder.path("certificate"),
        ])
        #expect(openssl.waitForEnd() == 0)
        return folder
    }

    @Test(arguments: ["echo", "verify", "hold", "rate"])
    func `an origin of somebody else ends TLS`(scenario: String) throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Programs/tls_echo.py").path
        let folder = try certified()
        let origin = try Peer(["python3", script, folder.path("certificate"), folder.path("key")])
        defer { origin.end() }
        let port = try #require(origin.readLine())
        let time = scenario == "verify" ? [] : ["--duration", "200ms"]
        let amount = [scenario == "rate" ? "--concurrency" : "--tunnels", "20"]
        let result = try Tool.run(
            [scenario, "--direct", "--tls", "--origin", "127.0.0.1:\(port)"] + time + amount
        )
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test func `the tool's origin speaks TLS with who comes, and an order is due then`() throws {
        let port = Wire.listening().port
        let tool = try Peer(
            Tool.command([
                "hold", "--direct", "--tls", "--listen", "127.0.0.1:\(port)", "--tunnels", "1",
                "--duration", "1h",
            ])
        )
        defer { tool.end() }
        #expect(try Sockets.wait(for: .listening, on: port))
        let client = try Peer(["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-brief"])
        client.write("no order, but as many bytes as one has\n")
        let text = client.readAll()
        #expect(text.contains("Protocol version: TLSv1.3"))
        #expect(text.contains("Peer certificate: CN = culvert-bench"))
    }

    @Test func `what a proxy sees of a tunnel is TLS`() throws {
        let listener = Wire.listening()
        let tool = try Peer(
            Tool.command([
                "echo", "--direct", "--tls", "--origin", "127.0.0.1:\(listener.port)", "--tunnels",
                "1",
            ])
        )
        defer { tool.end() }
        let client = try #require(listener.accept())
        let bytes = try #require(client.receive())
        // A record of a handshake that holds a ClientHello.
        #expect(bytes.count > 5 && bytes[0] == 22 && bytes[1] == 3 && bytes[5] == 1)
    }
}

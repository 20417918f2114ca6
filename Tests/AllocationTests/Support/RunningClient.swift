import Client
import Internet
import Proxy

/// The client of the tunnel without CONNECT, in this process.
final class RunningClient: Sendable {
    private let thread: RunningThread

    /// Where it offers CONNECT.
    var port: UInt16 { thread.port }

    /// Starts it on a port of its own, for the server on `port` whose tunnel is at /tunnel.
    init(server port: UInt16) throws {
        var settings = ClientConfiguration(try ServerLocation("http://127.0.0.1:\(port)/tunnel"))
        settings.general.listen = [Endpoint(Address(v4: 0x7f00_0001), port: 0)]
        settings.general.hostsFile = ""
        settings.general.nameServers = [Endpoint(Address(v4: 0x7f00_0001), port: 9)]
        let beginning = RunningThread.Beginning()
        let client = try TunnelClient(settings) { notice in
            switch notice {
            case .listening(let endpoint, _): beginning.listens(on: endpoint.port)
            case .ready: beginning.isReady()
            default: break
            }
        }
        thread = try RunningThread("carrier", beginning) { _ = try client.run() }
    }

    /// Ends it in order.
    func end() { thread.end() }

    /// A tunnel by way of it to `authority`.
    func openTunnel(to authority: String) throws -> Peer {
        let program = try Peer(port: port)
        try program.send(Scene.request("CONNECT", authority))
        try program.expect(Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8))
        return program
    }
}

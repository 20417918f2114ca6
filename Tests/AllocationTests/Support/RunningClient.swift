import Client
import Dispatch
import Glibc
import Internet
import Kernel
import Proxy
import Synchronization

/// The client of the tunnel without CONNECT, in this process.
final class RunningClient: Sendable {
    /// Where it offers CONNECT.
    let port: UInt16
    private let thread: ThreadBox
    private let notices: Notices

    /// What the client's thread tells.
    private final class Notices: Sendable {
        struct State {
            var thread = pthread_t()
            var port: UInt16?
        }

        let state = Mutex(State())
        let hasBegun = DispatchSemaphore(value: 0)

        func note(_ notice: ClientNotice) {
            switch notice {
            case .listening(let endpoint, _): state.withLock { $0.port = endpoint.port }
            case .ready: hasBegun.signal()
            default: break
            }
        }

        func run(_ client: TunnelClient) {
            state.withLock { $0.thread = pthread_self() }
            if (try? client.run()) == nil { hasBegun.signal() }
        }
    }

    /// Starts it on a port of its own, for the server on `port` whose tunnel is at /tunnel.
    init(server port: UInt16) throws {
        var settings = ClientConfiguration(try ServerLocation("http://127.0.0.1:\(port)/tunnel"))
        settings.general.listen = [Endpoint(Address(v4: 0x7f00_0001), port: 0)]
        settings.general.hostsFile = ""
        settings.general.nameServers = [Endpoint(Address(v4: 0x7f00_0001), port: 9)]
        let notices = Notices()
        let client = try TunnelClient(settings) { notices.note($0) }
        thread = try ThreadBox("carrier") { notices.run(client) }
        self.notices = notices
        let hasBegun = notices.hasBegun.wait(timeout: .now() + .seconds(60)) == .success
        guard hasBegun, let port = notices.state.withLock({ $0.port }) else {
            throw StartFailure(reason: "the client does not start")
        }
        self.port = port
    }

    /// Ends it in order, as a signal to the process would; that of the test isn't touched.
    func end() {
        pthread_kill(notices.state.withLock { $0.thread }, SIGTERM)
        thread.join()
    }

    /// A tunnel by way of it to `authority`.
    func openTunnel(to authority: String) throws -> Peer {
        let program = try Peer(port: port)
        try program.send(Scene.request("CONNECT", authority))
        try program.expect(Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8))
        return program
    }
}

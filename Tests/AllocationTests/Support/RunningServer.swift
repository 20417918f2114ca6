import Internet
import Policy
import Proxy

/// The proxy itself in this process: one worker, so that what has been used once is warm.
final class RunningServer: Sendable {
    private let thread: RunningThread

    /// Where it listens.
    var port: UInt16 { thread.port }

    /// Starts it on a port of its own, to go to any port of this machine but 1.
    ///
    /// Rules may say who may go where.
    init(
        policy: RuleList? = nil,
        _ change: (inout Configuration) -> Void = { _ in }
    ) throws {
        var configuration = Configuration()
        configuration.listen = [Endpoint(Address(v4: 0x7f00_0001), port: 0)]
        configuration.workers = 1
        configuration.allowedPorts = [2...65535]
        configuration.allowsPrivate = true
        configuration.hostsFile = ""
        configuration.nameServers = [Endpoint(Address(v4: 0x7f00_0001), port: 9)]
        change(&configuration)
        let beginning = RunningThread.Beginning()
        let server = try Server(configuration, policy: Self.reader(policy)) { notice in
            switch notice {
            case .listening(let endpoint): beginning.listens(on: endpoint.port)
            case .ready: beginning.isReady()
            default: break
            }
        }
        thread = try RunningThread("server", beginning) { _ = try server.run() }
    }

    private static func reader(_ policy: RuleList?) -> Server.Policy? {
        guard let policy else { return nil }
        return { _ in policy }
    }

    /// Ends it in order.
    func end() { thread.end() }
}

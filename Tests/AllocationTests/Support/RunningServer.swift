import Dispatch
import Glibc
import Internet
import Kernel
import Policy
import Proxy
import Synchronization

/// The proxy itself in this process: one worker, so that what has been used once is warm.
final class RunningServer: Sendable {
    /// Where it listens.
    let port: UInt16
    private let thread: ThreadBox
    private let notices: Notices

    /// What the server's thread tells.
    private final class Notices: Sendable {
        struct State {
            var thread = pthread_t()
            var port: UInt16?
            var failure: String?
        }

        let state = Mutex(State())
        let hasBegun = DispatchSemaphore(value: 0)

        func note(_ notice: Server.Notice) {
            switch notice {
            case .listening(let endpoint): state.withLock { $0.port = endpoint.port }
            case .ready: hasBegun.signal()
            default: break
            }
        }

        func run(_ server: Server) {
            state.withLock { $0.thread = pthread_self() }
            do throws(StartError) {
                _ = try server.run()
            } catch {
                state.withLock { $0.failure = error.description }
                hasBegun.signal()
            }
        }
    }

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
        let notices = Notices()
        let server = try Server(configuration, policy: Self.reader(policy)) { notices.note($0) }
        thread = try ThreadBox("server") { notices.run(server) }
        self.notices = notices
        let hasBegun = notices.hasBegun.wait(timeout: .now() + .seconds(60)) == .success
        let (port, failure) = notices.state.withLock { ($0.port, $0.failure) }
        guard hasBegun, let port else { throw StartFailure(reason: failure ?? "no notice came") }
        self.port = port
    }

    private static func reader(_ policy: RuleList?) -> Server.Policy? {
        guard let policy else { return nil }
        return { _ in policy }
    }

    /// Ends it in order, as a signal to the process would; that of the test isn't touched.
    func end() {
        pthread_kill(notices.state.withLock { $0.thread }, SIGTERM)
        thread.join()
    }
}

/// A server that did not start.
struct StartFailure: Error {
    let reason: String
}

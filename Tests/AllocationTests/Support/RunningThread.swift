import Dispatch
import Glibc
import Proxy
import Synchronization

/// A thread of this process on which a server or a client runs.
final class RunningThread: Sendable {
    /// Where it listens.
    let port: UInt16
    private let thread: ThreadBox
    private let beginning: Beginning

    /// What is told of the start of whatever runs.
    final class Beginning: Sendable {
        fileprivate struct State {
            var thread = pthread_t()
            var port: UInt16?
            var failure: String?
        }

        fileprivate let state = Mutex(State())
        fileprivate let isOver = DispatchSemaphore(value: 0)

        func listens(on port: UInt16) { state.withLock { $0.port = port } }

        func isReady() { isOver.signal() }

        fileprivate func run(_ body: () throws -> Void) {
            state.withLock { $0.thread = pthread_self() }
            do {
                try body()
            } catch {
                state.withLock { $0.failure = "\(error)" }
                isOver.signal()
            }
        }
    }

    /// Runs `body`, which tells `beginning` how it begins, and waits until it has begun.
    init(
        _ name: String,
        _ beginning: Beginning,
        _ body: @escaping @Sendable () throws -> Void
    ) throws {
        thread = try ThreadBox(name) { beginning.run(body) }
        self.beginning = beginning
        let hasBegun = beginning.isOver.wait(timeout: .now() + .seconds(60)) == .success
        let (port, failure) = beginning.state.withLock { ($0.port, $0.failure) }
        guard hasBegun, let port else { throw StartFailure(reason: failure ?? "no notice came") }
        self.port = port
    }

    /// Ends it in order, as a signal to the process would; that of the test isn't touched.
    func end() {
        pthread_kill(beginning.state.withLock { $0.thread }, SIGTERM)
        thread.join()
    }
}

/// A thread that did not start.
struct StartFailure: Error {
    let reason: String
}

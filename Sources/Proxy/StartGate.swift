package import Kernel
internal import Synchronization

/// Where the server waits until all workers have started, or one has failed.
package final class StartGate: Sendable {
    /// How the start went.
    package enum Outcome {
        case passed
        case failed(String)
    }

    private let state = Mutex<(passed: Int, failure: String?)>((0, nil))

    package init() {}

    /// A worker serves.
    package func pass() { state.withLock { $0.passed += 1 } }

    /// A worker could not start.
    package func fail(_ reason: String) {
        state.withLock { if $0.failure == nil { $0.failure = reason } }
    }

    /// What is known of `count` workers: that all serve, or why one failed; nil while neither is.
    package func outcome(of count: Int) -> Outcome? {
        let (passed, failure) = state.withLock { $0 }
        if let failure { return .failed(failure) }
        return passed == count ? .passed : nil
    }

    /// Waits for `count` workers; why one failed, or nil.
    package func wait(for count: Int) -> String? {
        while true {
            switch outcome(of: count) {
            case .failed(let failure): return failure
            case .passed: return nil
            case nil: break
            }
            Thread.pause(milliseconds: 1)
        }
    }
}

/// A thread that can be kept in an array.
package final class ThreadBox: Sendable {
    private let thread: Mutex<Thread?>

    package init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        thread = Mutex(try Thread(name, body))
    }

    /// Waits until the body has returned.
    package func join() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        thread.join()
    }
}

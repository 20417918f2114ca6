package import Kernel
internal import Synchronization

/// Where the server waits until all workers have started, or one has failed.
final class StartGate: Sendable {
    private let state = Mutex<(passed: Int, failure: String?)>((0, nil))

    /// A worker serves.
    func pass() { state.withLock { $0.passed += 1 } }

    /// A worker could not start.
    func fail(_ reason: String) {
        state.withLock { if $0.failure == nil { $0.failure = reason } }
    }

    /// Waits for `count` workers; why one failed, or nil.
    func wait(for count: Int) -> String? {
        while true {
            let (passed, failure) = state.withLock { $0 }
            if let failure { return failure }
            if passed == count { return nil }
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

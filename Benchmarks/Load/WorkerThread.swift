internal import Kernel
internal import Synchronization

/// A thread that can be kept in an array.
final class WorkerThread: Sendable {
    private let thread: Mutex<Thread?>

    init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        thread = Mutex(try Thread(name, body))
    }

    /// Waits until the body has returned.
    func join() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        thread.join()
    }
}

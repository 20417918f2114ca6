import Foundation
import Synchronization

/// Threads that work at the same time, and what went wrong in them.
enum Crew {
    /// Runs all of `bodies`, each on a thread of its own, until the last has ended.
    ///
    /// Throws what the first that failed threw.
    static func run(_ bodies: [@Sendable () throws -> Void]) throws {
        let group = DispatchGroup()
        let shared = Shared()
        for body in bodies {
            group.enter()
            Thread.detachNewThread {
                do {
                    try body()
                } catch {
                    shared.failure.withLock { $0 = $0 ?? error }
                }
                group.leave()
            }
        }
        group.wait()
        if let error = shared.failure.withLock({ $0 }) { throw error }
    }

    /// Runs `body` for each number below `count`, on `width` threads.
    static func share(_ count: Int, width: Int, _ body: @escaping @Sendable (Int) throws -> Void)
        throws
    {
        let next = Turn()
        let worker: @Sendable () throws -> Void = {
            while let number = next.take(below: count) { try body(number) }
        }
        try run(Array(repeating: worker, count: width))
    }

    private final class Shared: Sendable {
        let failure = Mutex<(any Error)?>(nil)
    }

    private final class Turn: Sendable {
        private let number = Atomic<Int>(0)

        func take(below count: Int) -> Int? {
            let taken = number.add(1, ordering: .relaxed).oldValue
            return taken < count ? taken : nil
        }
    }
}

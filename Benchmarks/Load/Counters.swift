internal import Synchronization

/// What one worker counts while it works: written by it alone, read by all.
package final class Counters: Sendable {
    /// One number; with a single writer it needs no atomic addition.
    struct Number: ~Copyable, Sendable {
        private let value = Atomic<UInt64>(0)

        func add(_ amount: Int = 1) {
            let sum = value.load(ordering: .relaxed) &+ UInt64(amount)
            value.store(sum, ordering: .relaxed)
        }

        func set(_ amount: Int) { value.store(UInt64(amount), ordering: .relaxed) }

        func read() -> Int { Int(value.load(ordering: .relaxed)) }
    }

    let begun = Number()
    let established = Number()
    let finished = Number()
    let failed = Number()
    /// Those of the failed that never stood.
    let unopened = Number()
    /// Messages that have come back.
    let messages = Number()
    /// Bytes of streams that have come.
    let bytes = Number()
    /// Tunnels that are there now.
    let alive = Number()
    /// Times that the kernel was entered.
    let enters = Number()
}

/// Counters summed over workers, at one moment.
package struct Counts: Equatable, Sendable {
    package var begun = 0
    package var established = 0
    package var finished = 0
    package var failed = 0
    package var unopened = 0
    package var messages = 0
    package var bytes = 0
    package var alive = 0
    package var enters = 0

    init() {}

    init(_ all: [Counters]) {
        for one in all {
            begun += one.begun.read()
            established += one.established.read()
            finished += one.finished.read()
            failed += one.failed.read()
            unopened += one.unopened.read()
            messages += one.messages.read()
            bytes += one.bytes.read()
            alive += one.alive.read()
            enters += one.enters.read()
        }
    }
}

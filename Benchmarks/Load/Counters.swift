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
    /// Arrivals of an open loop that have begun.
    let arrivals = Number()
    /// Messages that have come back.
    let messages = Number()
    /// Bytes of streams that have come.
    let bytes = Number()
    /// Bytes of the streams of tunnels that ended well.
    let sentWell = Number()
    let receivedWell = Number()
    /// Tunnels that are there now.
    let alive = Number()
    /// Times that the kernel was entered.
    let enters = Number()
}

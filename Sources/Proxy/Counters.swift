internal import Relay
internal import Synchronization

/// What one worker counts: written by it alone, read by anybody.
///
/// A single writer needs no atomic addition: a relaxed load and a relaxed store are two plain
/// moves. Levels (tunnels, buffers…) are copied from the tables themselves once a turn, so that
/// they can't drift from the truth.
package final class Counters: Sendable {
    package init() {}

    /// One number.
    package struct Number: ~Copyable, Sendable {
        private let value = Atomic<UInt64>(0)

        package func add(_ amount: UInt64 = 1) {
            value.store(value.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
        }

        package func set(_ amount: Int) {
            value.store(UInt64(clamping: amount), ordering: .relaxed)
        }

        package func read() -> UInt64 { value.load(ordering: .relaxed) }
    }

    /// Keeps off the cache lines of the neighbours on the heap, which other workers write.
    private let padBefore = InlineArray<16, UInt64>(repeating: 0)
    // Totals since the start.
    package let accepted = Number()
    package let established = Number()
    package let ended = Number()
    package let refused = Number()
    let notTLS = Number()
    let serverNamesMissing = Number()
    let serverNamesRefused = Number()
    let encryptedHellosRefused = Number()
    let helloTimeouts = Number()
    let parentRefused = Number()
    let limitRefused = Number()
    let limitEnded = Number()
    let limitPauses = Number()
    let violations = Number()
    let shed = Number()
    let passedOn = Number()
    /// Open tunnels that have moved to another worker, and that have come from one.
    let movedAway = Number()
    let movedHere = Number()
    let pauses = Number()
    let lateCompletions = Number()
    let failedCloses = Number()
    /// Bytes that upstreams, and clients, have been sent through tunnels, as they are sent.
    let bytesOut = Number()
    let bytesIn = Number()
    package let journalLost = Number()
    // Levels.
    package let tunnels = Number()
    package let openings = Number()
    let sessions = Number()
    /// Sessions that have something for their clients, while draining.
    let unsettled = Number()
    let carriers = Number()
    let descriptors = Number()
    let buffersOut = Number()
    let pipesOut = Number()
    let pipesOpen = Number()
    package let isAccepting = Number()

    /// Counts `bytes` that the sink of `direction` has taken.
    func count(_ bytes: Int, _ direction: Direction) {
        switch direction {
        case .outbound: bytesOut.add(UInt64(bytes))
        case .inbound: bytesIn.add(UInt64(bytes))
        }
    }
}

package import Kernel

/// What is to happen at a time of its own: the earliest first.
///
/// A timer is not taken back: whoever sets one looks, when it comes, whether it is still meant.
package struct TimerHeap: Sendable {
    private struct Timer {
        var due: Instant
        var payload: UInt64
    }

    private var timers: [Timer] = []

    /// No timers yet, and room for `capacity`.
    package init(capacity: Int) { timers.reserveCapacity(capacity) }

    /// When the next timer is due; nil if there is none.
    package var next: Instant? { timers.first?.due }

    /// Has `payload` come at `due`.
    package mutating func set(_ payload: UInt64, at due: Instant) {
        timers.append(Timer(due: due, payload: payload))
        var index = timers.count - 1
        while index > 0, timers[index].due < timers[(index - 1) / 2].due {
            timers.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Takes the earliest of the timers that are due at `now`.
    package mutating func take(at now: Instant) -> UInt64? {
        guard let first = timers.first, first.due <= now else { return nil }
        let last = timers.removeLast()
        if !timers.isEmpty {
            timers[0] = last
            sink()
        }
        return first.payload
    }

    private mutating func sink() {
        var index = 0
        while true {
            var least = index
            for child in 2 * index + 1..<2 * index + 3 where child < timers.count {
                if timers[child].due < timers[least].due { least = child }
            }
            guard least != index else { return }
            timers.swapAt(index, least)
            index = least
        }
    }
}

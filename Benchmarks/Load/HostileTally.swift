package import Histogram

/// What came of the hostile clients of one behaviour.
package struct HostileTally: Sendable {
    /// What each ended with, or that it was still open in the end, and how often.
    package private(set) var endings: [String: Int] = [:]
    /// Nanoseconds from the connect until then.
    package private(set) var life = Tally.histogram()

    /// Clients in all.
    package var count: Int { endings.values.reduce(0, +) }

    mutating func add(_ ending: String, after nanoseconds: UInt64) {
        endings[ending, default: 0] += 1
        life.record(nanoseconds)
    }

    mutating func add(_ other: HostileTally) {
        endings.merge(other.endings) { $0 + $1 }
        life.add(other.life)
    }
}

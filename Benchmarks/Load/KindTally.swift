package import Histogram

/// What was measured of the tunnels of one kind.
package struct KindTally: Sendable {
    /// Tunnels that ended well, tunnels that failed, and messages that came back.
    package internal(set) var finished = 0
    package internal(set) var failed = 0
    package internal(set) var messages = 0
    /// Bytes of streams, both ways.
    package internal(set) var bytes = 0
    /// Nanoseconds, as in `Tally`.
    package internal(set) var setup = Tally.histogram()
    package internal(set) var trip = Tally.histogram()
    package internal(set) var life = Tally.histogram()

    mutating func add(_ other: KindTally) {
        finished += other.finished
        failed += other.failed
        messages += other.messages
        bytes += other.bytes
        setup.add(other.setup)
        trip.add(other.trip)
        life.add(other.life)
    }
}

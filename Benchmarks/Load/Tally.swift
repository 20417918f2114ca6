package import Histogram
internal import Kernel

/// What one worker has measured, told when it ends.
package struct Tally: Sendable {
    /// Examples of failures that are told in full, at most.
    private static var examplesMax: Int { 5 }

    /// How often each failure was seen.
    package private(set) var failures: [Failure: Int] = [:]
    /// The first failures, with the tunnel and the place.
    package private(set) var examples: [String] = []
    /// Nanoseconds from the start of the connect until the tunnel stands.
    package private(set) var setup = Tally.histogram()
    /// Nanoseconds from the first byte of a message sent until its last byte is back.
    package private(set) var trip = Tally.histogram()
    /// Nanoseconds from the start of the connect until both ends have ended.
    package private(set) var life = Tally.histogram()

    /// Nanoseconds from when an arrival of an open loop was due until it began.
    package private(set) var lateness = Tally.histogram()

    /// The same of each kind of a mix; empty in other scenarios.
    package private(set) var kinds: [KindTally] = []

    /// Like `trip`, of messages that were sent while hostile clients were there.
    package private(set) var besideTrip = Tally.histogram()
    /// What came of hostile clients.
    package private(set) var hostile: [Hostility: HostileTally] = [:]

    /// Nothing yet.
    package init() {}

    /// Nothing yet, with an account for each kind of `mix`, if there is one.
    init(_ mix: Mix?) {
        if mix != nil { kinds = Kind.allCases.map { _ in KindTally() } }
    }

    /// Three digits from 64 nanoseconds on: room for ten minutes, and for more when that comes.
    static func histogram() -> Histogram<UInt64> {
        var times = Histogram<UInt64>(
            lowestDiscernibleValue: 64,
            highestTrackableValue: 600_000_000_000,
            numberOfSignificantValueDigits: .three
        )
        times.autoResize = true
        return times
    }

    /// Counts how long it took until a tunnel stood.
    @inline(__always)
    package mutating func addSetup(_ nanoseconds: UInt64, _ kind: Kind?) {
        setup.record(nanoseconds)
        of(kind) { $0.setup.record(nanoseconds) }
    }

    /// Counts how long a message took, there and back.
    @inline(__always)
    package mutating func addTrip(_ nanoseconds: UInt64, _ kind: Kind?) {
        trip.record(nanoseconds)
        of(kind) { kind in
            kind.trip.record(nanoseconds)
            kind.messages += 1
        }
    }

    /// Counts how long a tunnel that ended well was there.
    @inline(__always)
    package mutating func addLife(_ nanoseconds: UInt64, _ kind: Kind?) {
        life.record(nanoseconds)
        of(kind) { kind in
            kind.life.record(nanoseconds)
            kind.finished += 1
        }
    }

    /// Counts how long a message took beside hostile clients.
    @inline(__always)
    package mutating func addBesideTrip(_ nanoseconds: UInt64) {
        besideTrip.record(nanoseconds)
    }

    /// Counts the end of a hostile client.
    package mutating func add(_ kind: Hostility, _ ending: String, after nanoseconds: UInt64) {
        hostile[kind, default: HostileTally()].add(ending, after: nanoseconds)
    }

    /// Adds what came of hostile clients.
    mutating func addHostile(_ tallies: [Hostility: HostileTally]) {
        for (kind, tally) in tallies { hostile[kind, default: HostileTally()].add(tally) }
    }

    /// Changes the account of `kind`, if there is one.
    @inline(__always)
    mutating func of(_ kind: Kind?, _ change: (inout KindTally) -> Void) {
        if let kind { change(&kinds[Int(kind.rawValue)]) }
    }

    /// Counts how late an arrival of an open loop began.
    @inline(__always)
    package mutating func addLateness(_ nanoseconds: UInt64) {
        lateness.record(nanoseconds)
    }

    /// Counts a failure; `example` says where it was.
    mutating func add(_ failure: Failure, count: Int = 1, _ example: @autoclosure () -> String) {
        failures[failure, default: 0] += count
        guard examples.count < Tally.examplesMax else { return }
        examples.append("\(example()): \(failure)")
    }

    /// Adds what another worker has measured.
    package mutating func add(_ other: Tally) {
        failures.merge(other.failures) { $0 + $1 }
        examples += other.examples.prefix(Tally.examplesMax)
        setup.add(other.setup)
        trip.add(other.trip)
        life.add(other.life)
        lateness.add(other.lateness)
        besideTrip.add(other.besideTrip)
        addHostile(other.hostile)
        if kinds.isEmpty {
            kinds = other.kinds
        } else {
            for index in other.kinds.indices { kinds[index].add(other.kinds[index]) }
        }
    }
}

internal import Kernel

/// What a part of a run came to: two snapshots and what lies between them.
package struct Stretch: Sendable {
    /// What is counted in it.
    package enum Unit: String, Sendable {
        case tunnel, message, gigabyte, second
    }

    package var name: String
    package var unit: Unit
    package var before: Snapshot
    package var after: Snapshot

    /// What lies between `before` and `after`.
    package init(name: String, unit: Unit, before: Snapshot, after: Snapshot) {
        self.name = name
        self.unit = unit
        self.before = before
        self.after = after
    }

    /// How many seconds it took.
    package var seconds: Double {
        Double(after.time.nanoseconds(since: before.time)) / 1e9
    }

    /// How many units there were.
    package var count: Double {
        switch unit {
        case .tunnel: Double(tunnels)
        case .message: Double(after.client.messages - before.client.messages)
        case .gigabyte: Double(bytes) / 1e9
        case .second: seconds
        }
    }

    /// Tunnels that came to stand, or, if none did, that ended.
    private var tunnels: Int {
        let stood = after.client.established - before.client.established
        return stood > 0 ? stood : after.client.finished - before.client.finished
    }

    /// Bytes of streams that came at either end.
    package var bytes: Int {
        after.client.bytes - before.client.bytes + after.origin.bytes - before.origin.bytes
    }

    /// Nanoseconds of CPU for each unit; nil if there was no unit, or if the CPU isn't known.
    package func perUnit(_ cpu: (Snapshot) -> UInt64?) -> Double? {
        guard count > 0, let before = cpu(before), let after = cpu(after) else { return nil }
        return (Double(after) - Double(before)) / count
    }
}

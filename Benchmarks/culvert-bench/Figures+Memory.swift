internal import Load

extension Figures {
    /// What a tunnel costs in memory; null where tunnels don't stand idle.
    var memory: JSON {
        guard let memory = TunnelMemory(outcome) else { return .null }
        let each = outcome.gauges.map { gauge in
            ("\(gauge.name)_per_tunnel", memory.each(gauge).map { JSON.number($0) } ?? .null)
        }
        return .object([("tunnels", .whole(Int(memory.count)))] + each)
    }

    /// What could not be read.
    var unreadable: JSON { .array(outcome.unreadable.map { .text($0) }) }

    /// What all gauges show in `snapshot`; null for what is not to be read, or can't be.
    func gauges(_ snapshot: Snapshot) -> [(String, JSON)] {
        Gauge.all.map { gauge in (gauge.name, gauge.value(snapshot).map { .whole($0) } ?? .null) }
    }
}

internal import Histogram
internal import Load

extension CSV {
    /// The settings of a run and what it came to, on one line.
    init(_ outcome: Outcome) {
        self.init()
        addSettings(outcome)
        addThroughput(outcome)
        for (name, times) in [
            ("setup", outcome.tally.setup), ("message", outcome.tally.trip),
            ("tunnel", outcome.tally.life), ("message_beside", outcome.tally.besideTrip),
            ("late_start", outcome.tally.lateness),
        ] {
            addTimes(name, times)
        }
        addMemory(outcome)
    }

    private mutating func addSettings(_ outcome: Outcome) {
        let settings = outcome.settings
        add("scenario", settings.scenario.rawValue)
        add("route", settings.route.name)
        add("target", settings.route.target)
        add("tunnels", settings.tunnels)
        add("concurrency", settings.concurrency)
        add("workers", outcome.workers)
        add("origin_workers", outcome.originWorkers)
        add("duration_seconds", settings.isTimed ? Double(settings.duration) / 1e9 : nil)
        add("warmup_seconds", settings.isTimed ? Double(settings.warmup) / 1e9 : nil)
        add("size_bytes", settings.scenario == .mix ? nil : settings.size)
        add("rate_per_second", settings.rate)
        add("direction", settings.scenario == .bulk ? settings.direction.rawValue : nil)
        add("seed", "\(settings.seed)")
        add("interrupted", "\(outcome.isInterrupted)")
        add("errors", outcome.tally.failures.values.reduce(0, +))
    }

    private mutating func addThroughput(_ outcome: Outcome) {
        let stretch = outcome.principal
        let speed = stretch.map { $0.count / max($0.seconds, 1e-9) }
        func cost(_ cpu: (Snapshot) -> UInt64?) -> Double? {
            stretch.flatMap { $0.perUnit(cpu) }.map { $0 / 1000 }
        }
        add("stretch", stretch?.name)
        add("unit", stretch?.unit.rawValue)
        add("units", stretch?.count)
        add("seconds", stretch?.seconds)
        add("units_per_second", speed)
        add("data_bytes", stretch?.bytes)
        add("data_bytes_per_second", stretch.map { Double($0.bytes) / max($0.seconds, 1e-9) })
        add("process_cpu_us_per_unit", cost { $0.processCPU })
        add("client_cpu_us_per_unit", cost { $0.clientCPU })
        add("origin_cpu_us_per_unit", outcome.originWorkers > 0 ? cost { $0.originCPU } : nil)
    }

    private mutating func addTimes(_ name: String, _ times: Histogram<UInt64>) {
        let isEmpty = times.totalCount == 0
        add("\(name)_count", Int(times.totalCount))
        for point in [50, 90, 99, 99.9, 99.99] {
            let value = Double(times.valueAtPercentile(point)) / 1000
            let digits = point.rounded() == point ? "\(Int(point))" : "\(point)"
            add("\(name)_p\(digits)_us", isEmpty ? nil : value)
        }
        add("\(name)_max_us", isEmpty ? nil : Double(times.maxRecorded) / 1000)
    }

    private mutating func addMemory(_ outcome: Outcome) {
        let memory = TunnelMemory(outcome)
        for gauge in Gauge.all {
            switch gauge.unit {
            case .bytes: add("\(gauge.name)_per_tunnel", memory?.each(gauge))
            case .count: add(gauge.name, outcome.principal.flatMap { gauge.value($0.after) })
            }
        }
        add("unreadable", outcome.unreadable.joined(separator: " "))
    }
}

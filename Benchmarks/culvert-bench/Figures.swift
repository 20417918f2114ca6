internal import Histogram
internal import Kernel
internal import Load

/// What a run came to, in full, as JSON.
struct Figures {
    let outcome: Outcome

    init(_ outcome: Outcome) { self.outcome = outcome }

    /// One JSON object in one line.
    var text: String {
        JSON.object([
            ("tool", .text("culvert-bench")),
            ("format", .whole(1)),
            ("started", .text(Text.moment(outcome.started))),
            ("kernel", .text(Probe.systemRelease())),
            ("cpus", .whole(Thread.allowedCPUs.count)),
            ("settings", settings),
            ("interrupted", .truth(outcome.isInterrupted)),
            ("clean", .truth(outcome.isClean)),
            ("stretches", .array(outcome.stretches.map(stretch))),
            (
                "nanoseconds",
                .object([
                    ("setup", times(outcome.tally.setup)), ("message", times(outcome.tally.trip)),
                    ("tunnel", times(outcome.tally.life)),
                    ("message_beside", times(outcome.tally.besideTrip)),
                    ("late_start", times(outcome.tally.lateness)),
                ])
            ),
            ("kinds", kinds),
            ("hostile", hostile),
            ("memory", memory),
            ("unreadable", unreadable),
            ("in_line", outcome.inLine.map { .whole($0) } ?? .null),
            ("refusals", Refusals(outcome.tally).json),
            ("failures", .array(outcome.tally.failures.map(failure))),
            ("examples", .array(outcome.tally.examples.map { .text($0) })),
            ("samples", .array(outcome.samples.map(sample))),
        ])
        .text
    }

    private func stretch(_ stretch: Stretch) -> JSON {
        func cost(_ cpu: (Snapshot) -> UInt64?) -> JSON {
            stretch.perUnit(cpu).map { .number($0) } ?? .null
        }
        return .object([
            ("name", .text(stretch.name)),
            ("unit", .text(stretch.unit.rawValue)),
            ("count", .number(stretch.count)),
            ("seconds", .number(stretch.seconds)),
            ("bytes", .whole(stretch.bytes)),
            ("process_cpu_nanoseconds_per_unit", cost { $0.processCPU }),
            ("client_cpu_nanoseconds_per_unit", cost { $0.clientCPU }),
            ("origin_cpu_nanoseconds_per_unit", cost { $0.originCPU }),
            ("before", sample(stretch.before)),
            ("after", sample(stretch.after)),
        ])
    }

    private func sample(_ snapshot: Snapshot) -> JSON {
        .object(
            [
                ("seconds", .number(seconds(snapshot.time))),
                ("alive", .whole(snapshot.client.alive)),
                ("established", .whole(snapshot.client.established)),
                ("finished", .whole(snapshot.client.finished)),
                ("failed", .whole(snapshot.client.failed)),
                ("arrivals", .whole(snapshot.client.arrivals)),
                ("messages", .whole(snapshot.client.messages)),
                ("bytes_down", .whole(snapshot.client.bytes)),
                ("bytes_up", .whole(snapshot.origin.bytes)),
                ("client_enters", .whole(snapshot.client.enters)),
                ("client_cpu_nanoseconds", .whole(Int(snapshot.clientCPU))),
                ("origin_cpu_nanoseconds", .whole(Int(snapshot.originCPU))),
                (Gauge.processCPU, snapshot.processCPU.map { .whole(Int($0)) } ?? .null),
            ] + gauges(snapshot)
        )
    }

    /// Seconds since the first stretch began; below zero for what comes before, to warm up.
    private func seconds(_ time: Instant) -> Double {
        let start = outcome.stretches.first?.before.time ?? time
        let since = Double(time.nanoseconds(since: start))
        return (since - Double(start.nanoseconds(since: time))) / 1e9
    }

    /// Percentiles, and every bucket that holds something: the highest value and the count.
    func times(_ times: Histogram<UInt64>) -> JSON {
        guard times.totalCount > 0 else { return .null }
        let points: [(String, Double)] = [
            ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("p99.99", 99.99),
        ]
        let percentiles = points.map { name, point in
            (name, JSON.whole(Int(times.valueAtPercentile(point))))
        }
        let buckets = times.recordedValues().map { bucket in
            JSON.array([.whole(Int(bucket.value)), .whole(Int(bucket.count))])
        }
        return .object(
            [
                ("count", .whole(Int(times.totalCount))), ("min", .whole(Int(times.min))),
                ("mean", .number(times.mean)), ("max", .whole(Int(times.maxRecorded))),
            ] + percentiles + [("buckets", .array(buckets))]
        )
    }

    private func failure(_ failure: Failure, _ count: Int) -> JSON {
        .object([
            ("side", .text(failure.side.rawValue)),
            ("stage", .text(failure.stage.rawValue)),
            ("kind", .text(failure.kind.rawValue)),
            ("detail", .text(failure.detail)),
            ("count", .whole(count)),
        ])
    }
}

import Internet
import Kernel
import Load

/// Runs of the tool inside a test.
enum Bench {
    /// Nanoseconds of a second.
    static let second: UInt64 = 1_000_000_000

    /// Settings of a run that is over soon if nothing holds it up.
    static func settings(_ scenario: Scenario, _ route: Route) -> Settings {
        var settings = Settings(scenario, route)
        settings.duration = second / 10
        settings.warmup = 0
        settings.timeout = 30 * second
        settings.tunnels = scenario == .bulk ? 4 : 24
        settings.concurrency = 8
        settings.hostileCount = 12
        settings.hostileInterval = second / 100
        if scenario == .verify { settings.size = 100_000 }
        settings.mix.shares = [.short: 25, .chatty: 25, .bulk: 25, .idle: 25]
        settings.mix.think = 1_000_000...5_000_000
        settings.mix.size = 64...20_000
        settings.mix.messages = 2...5
        settings.mix.stream = 1000...100_000
        settings.mix.stand = 5_000_000...20_000_000
        return settings
    }

    /// Runs `settings` to the end.
    static func run(_ settings: Settings) throws -> Outcome {
        let plan = try Plan(settings, openFiles: Descriptors.limits().soft)
        var engine = try Engine(plan) { _, milliseconds in
            Thread.pause(milliseconds: UInt32(milliseconds))
            return false
        }
        return engine.run()
    }

    /// Runs `settings` through a proxy with `fault`.
    static func run(_ settings: Settings, _ fault: Fault) throws -> Outcome {
        let proxy = FaultyProxy.proxy(fault)
        defer { proxy.stop() }
        var settings = settings
        settings.route = .proxy(proxy.endpoint)
        return try run(settings)
    }
}

extension Scenario {
    /// Those that need no proxy.
    static let general = allCases.filter { $0 != .hostile }
}

extension Outcome {
    /// What was reported, each kind once.
    var kinds: Set<Failure.Kind> { Set(tally.failures.keys.map(\.kind)) }

    /// The counts at the end of the last part of the run.
    var counts: Counts? { stretches.last?.after.client }
}

package import Internet
internal import Kernel

/// What follows from the settings and the machine.
package struct Plan: Sendable {
    /// Threads of clients.
    package let workers: Int
    /// Threads of our own origin; 0 if there is none.
    package let originWorkers: Int
    let settings: Settings
    /// Endpoints of our own origin; port 0 takes a free one.
    let listen: [Endpoint]
    /// Addresses that clients connect from, in turn; none leaves it to the kernel.
    package let sources: [Address]

    /// Tunnels from one address to another, at most.
    ///
    /// The kernel looks for a free port among the even
    /// ones first, of which there are 14,000: once these are taken, each connect looks at all of
    /// them, and costs near a millisecond.
    private static var portsMax: Int { 8000 }
    /// Descriptors of a worker that aren't tunnels.
    static var descriptorsAside: Int { 64 }

    /// The plan for `settings`, where each worker may open `openFiles` descriptors.
    ///
    /// - Throws: `SettingError` for the first setting that can't be.
    package init(_ settings: Settings, openFiles: Int) throws(SettingError) {
        self.settings = settings
        let peak = settings.peak
        let least = Plan.share(peak, openFiles - Plan.descriptorsAside)
        workers = settings.workers ?? least
        let isOwn = settings.externalOrigins.isEmpty
        originWorkers = isOwn ? settings.originWorkers ?? least : 0
        let words =
            "\(peak) tunnels at once need at least \(least) at an open-file limit of \(openFiles)"
        guard workers >= least else { throw SettingError("--workers", "\(workers)", words) }
        guard !isOwn || originWorkers >= least else {
            throw SettingError("--origin-workers", "\(originWorkers)", words)
        }
        let addresses = Plan.share(peak, Plan.portsMax)
        let turnover = settings.scenario == .rate ? 4 : 1
        let origins = settings.origins ?? max(addresses, turnover)
        listen =
            settings.listen.isEmpty
            ? Plan.endpoints(origins, workers: originWorkers) : settings.listen
        sources =
            settings.sources.isEmpty
            ? Plan.sources(settings.targets, max(addresses, turnover)) : settings.sources
        try check(openFiles)
    }

    /// `total` over `most`, rounded up.
    static func share(_ total: Int, _ most: Int) -> Int { (total + most - 1) / max(most, 1) }

    /// Endpoints on `count` loopback addresses, as many for each worker.
    private static func endpoints(_ count: Int, workers: Int) -> [Endpoint] {
        (0..<share(count, workers) * workers).map { index in
            let address = 0x7f00_0001 + UInt32(truncatingIfNeeded: index % count)
            return Endpoint(Address(v4: address), port: 0)
        }
    }

    /// Loopback addresses to connect from, if one isn't enough and all `targets` are such ones.
    private static func sources(_ targets: [Address], _ count: Int) -> [Address] {
        guard count > 1, targets.allSatisfy({ $0.family == .v4 && $0.isLoopback }) else {
            return []
        }
        return (0..<count).map { Address(v4: 0x7f20_0001 + UInt32(truncatingIfNeeded: $0)) }
    }

    /// Which endpoints worker `index` of the origin listens on: its share, or, if they were given,
    /// all of them, among whose listeners the kernel then divides the clients.
    func endpoints(ofWorker index: Int) -> [Int] {
        guard settings.listen.isEmpty else { return Array(listen.indices) }
        return Array(stride(from: index, to: listen.count, by: originWorkers))
    }

    /// Endpoints that clients choose among; nil if they can't choose.
    var chosenEndpoints: Int? {
        if case .relay = settings.route { return nil }
        return listen.count
    }

    /// The script for clients of an origin that listens on `origins`.
    func script(origins: [Endpoint]) -> Script {
        Script(
            // The clients that are measured just send messages.
            scenario: settings.scenario == .hostile ? .echo : settings.scenario,
            route: settings.route,
            direction: settings.direction,
            fields: settings.credentials?.fields ?? [""],
            origins: origins,
            hasOwnOrigin: originWorkers > 0,
            sources: sources,
            workers: workers,
            tunnels: settings.tunnels,
            peak: settings.peak,
            concurrency: settings.concurrency,
            size: settings.size,
            isSecure: settings.isSecure,
            seed: settings.seed,
            timeout: settings.timeout,
            schedule: schedule,
            mix: settings.scenario == .mix ? settings.mix : nil
        )
    }

    /// What hostile clients do to an origin of their own.
    func hostileScript(origin: Endpoint) -> HostileScript? {
        guard case .proxy(let proxy) = settings.route, settings.scenario == .hostile else {
            return nil
        }
        return HostileScript(
            proxy: proxy,
            origin: origin,
            credentials: settings.credentials,
            kinds: settings.hostilities,
            count: settings.hostileCount,
            interval: settings.hostileInterval,
            seed: settings.seed
        )
    }

    private var schedule: Schedule? {
        let isTwofold = settings.scenario == .hostile
        let extra = isTwofold ? settings.warmup + (settings.aloneDuration ?? settings.duration) : 0
        return settings.rate.map { rate in
            Schedule(
                rate: rate,
                count: settings.scenario == .rate ? settings.tunnels : 0,
                warmup: settings.warmup,
                duration: settings.duration + extra,
                timeout: settings.timeout
            )
        }
    }
}

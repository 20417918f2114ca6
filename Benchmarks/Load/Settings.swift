package import Internet

/// What a run is to be, as the flags say; nil leaves the choice to `Plan`.
package struct Settings: Sendable {
    package var scenario: Scenario
    package var route: Route
    /// Whom the proxy is told that the tunnels are for.
    package var credentials: Credentials?
    /// Tunnels: of the run for verify, at once for the others; 0 for rate and mix is as many as
    /// there is time for.
    package var tunnels: Int
    /// Tunnels at once where they come and go; where all stand, those being opened or proved.
    package var concurrency: Int
    package var workers: Int?
    package var originWorkers: Int?
    /// Nanoseconds to measure.
    package var duration: UInt64 = 5_000_000_000
    /// Nanoseconds to run before, or to stand.
    package var warmup: UInt64
    /// Nanoseconds that a tunnel may stand still.
    package var timeout: UInt64 = 10_000_000_000
    /// Bytes of a message; of a stream, at most.
    package var size: Int
    /// What a mix is made of.
    package var mix = Mix()
    /// How hostile clients behave, how many there are at once, and how long they take between two
    /// steps.
    package var hostilities = Hostility.allCases
    package var hostileCount = 60
    package var hostileInterval: UInt64 = 100_000_000
    /// Nanoseconds to measure before they come; nil for `duration`.
    package var aloneDuration: UInt64?
    package var direction = Direction.both
    /// Arrivals in a second, over all workers; nil for a closed loop.
    package var rate: Int?
    /// Whether tunnels carry TLS, which the origin ends.
    package var isSecure = false
    package var seed: UInt64 = 1
    package var sources: [Address] = []
    /// Loopback addresses of our own origin.
    package var origins: Int?
    /// Where our own origin listens, instead.
    package var listen: [Endpoint] = []
    /// Origins of somebody else, which echo.
    package var externalOrigins: [Endpoint] = []
    /// Processes whose CPU and memory are charged.
    package var processes: [Int32] = []

    /// The defaults of `scenario`.
    package init(_ scenario: Scenario, _ route: Route) {
        self.scenario = scenario
        self.route = route
        warmup = scenario == .hold ? 0 : 1_000_000_000
        switch scenario {
        case .verify: (tunnels, concurrency, size) = (1000, 256, 1 << 20)
        case .hold: (tunnels, concurrency, size) = (1000, 256, 64)
        case .rate: (tunnels, concurrency, size) = (0, 100, 64)
        case .echo, .hostile: (tunnels, concurrency, size) = (100, 256, 64)
        case .mix: (tunnels, concurrency, size) = (0, 100, 64)
        case .bulk: (tunnels, concurrency, size) = (8, 256, Pattern.sliceMax)
        }
    }

    /// Tunnels that are there at once, at most.
    package var peak: Int {
        guard scenario.isStreaming else { return tunnels }
        return tunnels == 0 ? concurrency : min(tunnels, concurrency)
    }

    /// Whether it lasts for the set time, and not until all tunnels have ended.
    package var isTimed: Bool { !scenario.isStreaming || tunnels == 0 }

    /// Addresses that clients connect to.
    var targets: [Address] {
        switch route {
        case .proxy(let endpoint), .relay(let endpoint): return [endpoint.address]
        case .direct:
            let origins = externalOrigins.isEmpty ? listen : externalOrigins
            // Our own origin listens there.
            return origins.isEmpty ? [Address(v4: 0x7f00_0001)] : origins.map(\.address)
        }
    }
}

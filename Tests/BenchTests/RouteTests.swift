import Internet
import Kernel
import Load
import Testing

/// The ways to the origin other than through a proxy, and origins that aren't the tool's.
@Suite struct RouteTests {
    @Test(arguments: Scenario.general)
    func `the direct way passes, with several workers`(scenario: Scenario) throws {
        var settings = Bench.settings(scenario, .direct)
        settings.workers = 3
        settings.originWorkers = 2
        settings.origins = 5
        let outcome = try Bench.run(settings)
        #expect(outcome.tally.failures == [:])
        #expect(outcome.counts?.established == settings.tunnels)
    }

    @Test(arguments: Scenario.general)
    func `a relay passes, and its fault is reported`(scenario: Scenario) throws {
        for (fault, isClean) in [(Fault.none, true), (.drops(.up, 40), false)] {
            let port = try freePort()
            let origin = Endpoint(Address(v4: 0x7f00_0001), port: port)
            let relay = FaultyProxy.relay(to: origin, fault)
            defer { relay.stop() }
            var settings = Bench.settings(scenario, .relay(relay.endpoint))
            settings.listen = [origin]
            settings.timeout = 5 * Bench.second
            #expect(try Bench.run(settings).isClean == isClean)
        }
    }

    @Test(arguments: [Scenario.verify, .hold, .rate, .echo])
    func `an origin that only echoes passes, and its fault is reported`(
        scenario: Scenario
    ) throws {
        for (fault, isClean) in [(Fault.none, true), (.changes(.up, 8), false)] {
            let origin = FaultyProxy.echo(fault)
            defer { origin.stop() }
            var settings = Bench.settings(scenario, .direct)
            settings.externalOrigins = [origin.endpoint]
            #expect(try Bench.run(settings).isClean == isClean)
        }
    }

    @Test func `tunnels come from the source addresses in turn`() throws {
        var settings = Bench.settings(.rate, .direct)
        settings.sources = [Address(v4: 0x7f09_0001), Address(v4: 0x7f09_0002)]
        #expect(try Bench.run(settings).isClean)
    }

    @Test func `a stream passes that is longer than 256 of the largest pieces`() throws {
        var settings = Bench.settings(.verify, .direct)
        settings.tunnels = 1
        settings.size = 100 << 20
        // The tunnel that follows from it has one of that size.
        settings.seed = 124
        let outcome = try Bench.run(settings)
        #expect(outcome.tally.failures == [:])
        #expect(outcome.stretches.last?.bytes ?? 0 > 256 * Pattern.sliceMax)
    }

    @Test(
        arguments: [Scenario.rate, .verify],
        [(900, 1), (5, 4), (4, 4)] as [(tunnels: Int, workers: Int)]
    )
    func `as many tunnels are being opened at once as there may be, and no more`(
        scenario: Scenario,
        most: (tunnels: Int, workers: Int)
    ) throws {
        // Nobody accepts: what is opened stays so until it has failed.
        let proxy = Wire.listening()
        let endpoint = Endpoint(Address(v4: 0x7f00_0001), port: proxy.port)
        var settings = Bench.settings(scenario, .proxy(endpoint))
        settings.tunnels = 2 * most.tunnels
        settings.concurrency = most.tunnels
        settings.workers = most.workers
        settings.timeout = Bench.second
        let samples = try Bench.run(settings).samples.filter { $0.client.failed == 0 }
        #expect(samples.map(\.client.begun).max() == most.tunnels)
    }

    @Test(.enabled(if: Socket.isLocal(Address(v6: 0, 1))))
    func `the direct way leads to an origin of IPv6`() throws {
        var settings = Bench.settings(.rate, .direct)
        settings.listen = [Endpoint(Address(v6: 0, 1), port: try freePort())]
        #expect(try Bench.run(settings).tally.failures == [:])
    }

    private static let here4 = Address(v4: 0x7f00_0001)
    private static let here6 = Address(v6: 0, 1)
    private static let far4 = Address(v4: 0xc000_020a)
    private static let far6 = Address(v6: 0x2001_0db8 << 32, 1)

    @Test(
        arguments: [
            ([], nil), ([here6, here4], here4), ([here4, here6], here4), ([here6], here6),
            ([far6, far4], far6), ([far4, here4], far4),
        ] as [([Address], Address?)]
    )
    func `of the names of this machine the address of IPv4 is taken`(
        addresses: [Address],
        choice: Address?
    ) {
        #expect(Route.choice(among: addresses) == choice)
    }

    @Test func `all addresses of a name are found`() {
        #expect(SystemName.addresses(of: "127.0.0.9") == [Address(v4: 0x7f00_0009)])
        #expect(SystemName.addresses(of: "::1") == [Self.here6])
        #expect(SystemName.addresses(of: "no such host") == [])
        let local = SystemName.addresses(of: "localhost")
        #expect(local.first == SystemName.address(of: "localhost"))
    }

    /// A port of 127.0.0.1 that was free a moment ago.
    private func freePort() throws -> UInt16 { Wire.listening().port }
}

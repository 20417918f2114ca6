import Internet
import Load
import Testing

/// Tunnels that carry TLS: they pass, and what happens to them on the way is reported.
@Suite struct SecureTests {
    private static func settings(_ scenario: Scenario) -> Settings {
        var settings = Bench.settings(scenario, .direct)
        settings.isSecure = true
        return settings
    }

    @Test(arguments: Scenario.allCases)
    func `a proxy without a fault passes`(scenario: Scenario) throws {
        let settings = Self.settings(scenario)
        let outcome = try Bench.run(settings, .none)
        #expect(outcome.tally.failures == [:])
        #expect(outcome.counts?.established == settings.tunnels)
    }

    @Test(arguments: Scenario.general)
    func `the direct way passes, with several workers`(scenario: Scenario) throws {
        var settings = Self.settings(scenario)
        settings.workers = 3
        settings.originWorkers = 2
        let failures = try Bench.run(settings).tally.failures
        #expect(failures == [:])
    }

    @Test func `messages and streams of many records pass`() throws {
        for scenario in [Scenario.echo, .verify] {
            var settings = Self.settings(scenario)
            settings.size = 3_000_000
            #expect(try Bench.run(settings).tally.failures == [:])
        }
    }

    @Test(
        arguments: Scenario.general,
        [
            Fault.drops(.up, 20), .drops(.down, 20), .drops(.up, 350), .changes(.up, 350),
            .changes(.down, 600), .repeats(.down, 600), .ends(.up, 350), .ends(.down, 600),
            .breaks(.up, 350), .stalls(.down, 600), .keepsEnd(.up), .keepsEnd(.down),
            .truncates(.up), .truncates(.down),
        ]
    )
    func `what happens to TLS on the way is reported`(scenario: Scenario, fault: Fault) throws {
        var settings = Self.settings(scenario)
        settings.timeout = Bench.second / 4
        #expect(try Bench.run(settings, fault).isClean == false)
    }

    @Test(arguments: [Fault.adds(.up), .adds(.down)])
    func `a byte behind the end is reported`(fault: Fault) throws {
        let outcome = try Bench.run(Self.settings(.verify), fault)
        #expect(outcome.kinds.contains(.insecure))
    }

    @Test func `a stream that ends without a word of TLS is reported`() throws {
        // TLS says that a stream ends: what the proxy says isn't enough.
        var settings = Self.settings(.verify)
        settings.timeout = Bench.second
        let outcome = try Bench.run(settings, .ends(.down, 50_000))
        let details = outcome.tally.failures.keys.map(\.detail)
        #expect(details.contains("without a word of TLS"), "\(outcome.tally.failures)")
    }

    @Test func `an origin that speaks no TLS is reported`() throws {
        let origin = FaultyProxy.echo(.none)
        defer { origin.stop() }
        var settings = Self.settings(.echo)
        settings.externalOrigins = [origin.endpoint]
        #expect(try Bench.run(settings).kinds.contains(.insecure))
    }
}

import Internet
import Load
import Testing

/// A proxy that misbehaves on purpose: whatever it does is reported, and nothing else is.
@Suite struct FaultTests {
    private static let somewhere = Route.direct

    @Test(arguments: Scenario.allCases)
    func `a proxy without a fault passes`(scenario: Scenario) throws {
        let settings = Bench.settings(scenario, Self.somewhere)
        let outcome = try Bench.run(settings, .none)
        #expect(outcome.tally.failures == [:])
        #expect(outcome.counts?.established == settings.tunnels)
        let counts = try #require(outcome.counts)
        #expect(scenario == .verify || counts.messages > 0 || counts.bytes > 0)
    }

    /// What a fault in the stream may be seen as.
    @Test(
        arguments: Scenario.general,
        [
            Fault.drops(.up, 5), .drops(.up, 40), .drops(.down, 40), .repeats(.up, 40),
            .repeats(.down, 40), .changes(.up, 12), .ends(.up, 40), .ends(.down, 40),
            .breaks(.up, 40), .breaks(.down, 40),
        ]
    )
    func `a stream that is not the one sent is reported`(scenario: Scenario, fault: Fault) throws {
        var settings = Bench.settings(scenario, Self.somewhere)
        settings.timeout = Bench.second
        let outcome = try Bench.run(settings, fault)
        #expect(!outcome.isClean)
        #expect(!outcome.kinds.isDisjoint(with: [.wrong, .endedEarly, .reset, .unreadable]))
    }

    @Test(arguments: [Fault.changes(.up, 60), .changes(.down, 60)])
    func `a single byte that is changed is reported`(fault: Fault) throws {
        for scenario in [Scenario.verify, .hold, .rate, .echo] {
            var settings = Bench.settings(scenario, Self.somewhere)
            settings.timeout = Bench.second
            let outcome = try Bench.run(settings, fault)
            #expect(outcome.kinds.contains(.wrong), "\(scenario)")
        }
    }

    @Test(arguments: Scenario.general, [Fault.drops(.up, 95), .drops(.down, 63)])
    func `the last byte of a message that is lost is reported`(
        scenario: Scenario,
        fault: Fault
    ) throws {
        var settings = Bench.settings(scenario, Self.somewhere)
        settings.timeout = Bench.second / 2
        let outcome = try Bench.run(settings, fault)
        #expect(!outcome.isClean)
    }

    @Test(arguments: Scenario.general, [Fault.truncates(.up), .truncates(.down)])
    func `a stream whose last byte never comes is reported`(
        scenario: Scenario,
        fault: Fault
    ) throws {
        var settings = Bench.settings(scenario, Self.somewhere)
        settings.timeout = Bench.second / 2
        let outcome = try Bench.run(settings, fault)
        #expect(!outcome.kinds.isDisjoint(with: [.endedEarly, .stalled, .lost]))
    }

    @Test(arguments: Scenario.general, [Fault.stalls(.up, 10), .stalls(.down, 10)])
    func `a proxy that stalls is reported`(scenario: Scenario, fault: Fault) throws {
        var settings = Bench.settings(scenario, Self.somewhere)
        settings.timeout = Bench.second / 2
        let outcome = try Bench.run(settings, fault)
        #expect(outcome.kinds.contains(.stalled))
    }

    @Test(arguments: Scenario.general, [Fault.keepsEnd(.up), .keepsEnd(.down)])
    func `an end that is not passed on is reported`(scenario: Scenario, fault: Fault) throws {
        var settings = Bench.settings(scenario, Self.somewhere)
        settings.timeout = Bench.second / 2
        let outcome = try Bench.run(settings, fault)
        #expect(!outcome.kinds.isDisjoint(with: [.stalled, .leftOpen]))
    }

    @Test(arguments: [Fault.adds(.up), .adds(.down)])
    func `a byte behind the end is reported`(fault: Fault) throws {
        for scenario in [Scenario.verify, .hold, .rate, .echo] {
            let outcome = try Bench.run(Bench.settings(scenario, Self.somewhere), fault)
            #expect(!outcome.kinds.isDisjoint(with: [.surplus, .wrong]), "\(scenario)")
        }
    }

    @Test(
        arguments: [(.down, .down), (.up, .up), (.both, .down), (.both, .up)]
            as [(Direction, Fault.Way)]
    )
    func `streams that take longer than the timeout to end, but move, pass`(
        direction: Direction,
        way: Fault.Way
    ) throws {
        var settings = Bench.settings(.bulk, Self.somewhere)
        settings.direction = direction
        settings.timeout = Bench.second / 2
        let outcome = try Bench.run(settings, .trickles(way))
        #expect(outcome.tally.failures == [:])
    }

    @Test func `a half-close that ends both ways is reported by verify`() throws {
        let settings = Bench.settings(.verify, Self.somewhere)
        for way in [Fault.Way.up, .down] {
            #expect(try Bench.run(settings, .endsBoth(way)).isClean == false)
        }
    }

    @Test func `early bytes that are forgotten are reported by verify`() throws {
        var settings = Bench.settings(.verify, Self.somewhere)
        settings.timeout = Bench.second
        #expect(try Bench.run(settings, .forgetsEarlyBytes).isClean == false)
    }

    @Test func `a tunnel to the wrong origin is reported`() throws {
        var settings = Bench.settings(.verify, Self.somewhere)
        settings.origins = 3
        #expect(try Bench.run(settings, .misdirects).kinds.contains(.misdirected))
    }

    @Test(
        arguments: Scenario.general,
        [
            (Fault.refuses, Failure.Kind.refused), (.babbles, .malformed),
            (.hangsUp, .endedEarly), (.saysNothing, .stalled),
        ] as [(Fault, Failure.Kind)]
    )
    func `a proxy that opens no tunnel is reported`(
        scenario: Scenario,
        case pair: (fault: Fault, kind: Failure.Kind)
    ) throws {
        var settings = Bench.settings(scenario, Self.somewhere)
        settings.timeout = Bench.second / 2
        let outcome = try Bench.run(settings, pair.fault)
        #expect(outcome.kinds.contains(pair.kind))
        #expect(outcome.counts?.established == 0)
    }

    @Test func `a refusal is told with its status and word`() throws {
        let outcome = try Bench.run(Bench.settings(.rate, Self.somewhere), .refuses)
        let details = outcome.tally.failures.keys.map(\.detail)
        #expect(details == ["403 http_request_denied"])
    }

    @Test(arguments: Scenario.general)
    func `an answer of 200 before a tunnel that fails is reported`(scenario: Scenario) throws {
        let outcome = try Bench.run(Bench.settings(scenario, Self.somewhere), .consentsThenFails)
        #expect(!outcome.kinds.isDisjoint(with: [.endedEarly, .reset]))
        // Streams of no bytes, which verify and mix have too, may look whole to the client.
        if scenario != .verify, scenario != .mix { #expect(outcome.counts?.finished == 0) }
    }

    @Test(arguments: Scenario.general)
    func `an answer of 200 that no tunnel follows is reported`(scenario: Scenario) throws {
        var settings = Bench.settings(scenario, Self.somewhere)
        settings.timeout = Bench.second / 2
        let outcome = try Bench.run(settings, .consentsThenStalls)
        #expect(outcome.kinds.contains(.stalled))
        #expect(outcome.counts?.finished == 0)
    }

    @Test func `a proxy that isn't there is reported`() throws {
        let proxy = FaultyProxy.proxy(.none)
        proxy.stop()
        let outcome = try Bench.run(Bench.settings(.rate, .proxy(proxy.endpoint)))
        #expect(outcome.kinds == [.connect])
    }
}

import Internet
import Load
import Testing

@Suite struct PlanTests {
    private static let proxy = Route.proxy(Endpoint(Address(v4: 0x7f00_0001), port: 3128))

    private func complaint(_ change: (inout Settings) -> Void) -> String? {
        var settings = Settings(.hold, Self.proxy)
        change(&settings)
        do throws(SettingError) {
            _ = try Plan(settings, openFiles: 20_000)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [(1, 1), (19_936, 1), (19_937, 2), (100_000, 6)])
    func `there are as many workers as the open-file limit needs`(tunnels: Int, least: Int) throws {
        var settings = Settings(.hold, Self.proxy)
        settings.tunnels = tunnels
        let plan = try Plan(settings, openFiles: 20_000)
        #expect(plan.workers >= least)
        #expect(plan.originWorkers >= least)
        settings.workers = least
        settings.originWorkers = least
        #expect(try Plan(settings, openFiles: 20_000).workers == least)
    }

    @Test func `too few workers are refused by name, value and need`() {
        let words =
            "40000 tunnels at once need at least 3 at an open-file limit of 20000."
        let clients = complaint { settings in
            settings.tunnels = 40_000
            settings.workers = 2
        }
        #expect(clients == "The value '2' is invalid for '--workers': \(words)")
        let origins = complaint { settings in
            settings.tunnels = 40_000
            settings.originWorkers = 1
        }
        #expect(origins == "The value '1' is invalid for '--origin-workers': \(words)")
    }

    @Test(arguments: [Scenario.verify, .rate, .mix])
    func `more workers than tunnels that come and go at once are refused`(
        scenario: Scenario
    ) throws {
        var settings = Settings(scenario, Self.proxy)
        settings.tunnels = 100
        settings.concurrency = 4
        #expect(try Plan(settings, openFiles: 20_000).workers <= 4)
        settings.workers = 4
        #expect(try Plan(settings, openFiles: 20_000).workers == 4)
        let words = complaint {
            $0 = settings
            $0.workers = 5
        }
        #expect(
            words == "The value '5' is invalid for '--workers': "
                + "each needs a tunnel, and there are at most 4 at once."
        )
    }

    private static let loopback = Endpoint(Address(v4: 0x7f00_0001), port: 7)
    private static let far = Endpoint(Address(v4: 0xc000_020a), port: 7)
    private static let loopback6 = Endpoint(Address(v6: 0, 1), port: 7)

    @Test(
        arguments: [
            ([], true), ([loopback], true), ([far], false), ([loopback6], false),
            ([loopback, far], false),
        ] as [([Endpoint], Bool)]
    )
    func `loopback addresses are connected from to such ones alone`(
        origins: [Endpoint],
        isChosen: Bool
    ) throws {
        var settings = Settings(.rate, .direct)
        settings.externalOrigins = origins
        let sources = try Plan(settings, openFiles: 20_000).sources
        #expect(sources.isEmpty != isChosen)
        #expect(sources.allSatisfy { $0.isLoopback })
        for origin in origins {
            settings.route = .proxy(origin)
            let sources = try Plan(settings, openFiles: 20_000).sources
            #expect(sources.isEmpty == (origin != Self.loopback))
        }
    }

    @Test func `a source of another family than the target is refused`() {
        let source = Address(v4: 0x7f09_0001)
        let words =
            "The value '127.9.0.1' is invalid for '--source': "
            + "nothing there reaches ::1, which is of another family."
        let direct = complaint { settings in
            settings.route = .direct
            settings.externalOrigins = [Self.loopback, Self.loopback6]
            settings.sources = [source]
        }
        #expect(direct == words)
        let proxied = complaint { settings in
            settings.route = .proxy(Self.loopback6)
            settings.sources = [source]
        }
        #expect(proxied == words)
    }

    @Test func `what can't be is refused by name`() {
        let here = Endpoint(Address(v4: 0x7f00_0001), port: 9000)
        let elsewhere = Address(v4: 0xc000_0201)
        #expect(complaint { $0.sources = [elsewhere] }?.contains("'--source'") == true)
        #expect(complaint { $0.listen = [here, here] }?.contains("'--listen'") == true)
        #expect(complaint { $0.listen = [Endpoint(elsewhere, port: 1)] } != nil)
        #expect(complaint { $0.processes = [Int32.max] }?.contains("'--pid'") == true)
        #expect(complaint { $0.processes = [1, 1] }?.contains("'--pid': given twice") == true)
        #expect(complaint { $0.route = .relay(here) }?.contains("'--relay'") == true)
        let bulk = complaint { settings in
            settings.scenario = .bulk
            settings.externalOrigins = [here]
        }
        #expect(bulk?.contains("'--origin'") == true)
    }
}

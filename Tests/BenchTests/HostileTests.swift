import Histogram
import Load
import Testing

/// Hostile clients: they do what they are for, and what the proxy does about it is told.
@Suite struct HostileTests {
    private func run(
        _ fault: Fault,
        rate: Int? = nil,
        alone: UInt64? = nil,
        duration: UInt64 = Bench.second / 2
    ) throws -> Outcome {
        var settings = Bench.settings(.hostile, .direct)
        settings.aloneDuration = alone
        settings.duration = duration
        settings.tunnels = 4
        settings.rate = rate
        return try Bench.run(settings, fault)
    }

    @Test(arguments: [nil, 1000])
    func `messages are told apart, alone and beside hostile clients`(rate: Int?) throws {
        let outcome = try run(.none, rate: rate)
        #expect(outcome.tally.failures == [:])
        #expect(outcome.stretches.map(\.name) == ["open", "alone", "beside"])
        let (alone, beside) = (outcome.tally.trip, outcome.tally.besideTrip)
        #expect(alone.totalCount > 0)
        #expect(beside.totalCount > 0)
        if rate != nil { #expect(alone.totalCount + beside.totalCount == 1000) }
    }

    @Test func `the time alone is set by itself`() throws {
        let outcome = try run(.none, rate: 1000, alone: Bench.second / 10)
        #expect(outcome.tally.failures == [:])
        let (alone, beside) = (outcome.tally.trip, outcome.tally.besideTrip)
        #expect(alone.totalCount + beside.totalCount == 600)
        // The machine may be late by this.
        #expect((100...300).contains(alone.totalCount))
    }

    @Test func `each behaviour ends as the proxy has it end`() throws {
        // Long enough for the slowest machine to answer within it.
        let hostile = try run(.none, duration: 2 * Bench.second).tally.hostile
        #expect(hostile.count == Hostility.allCases.count)
        func endings(_ kind: Hostility) -> Set<String> {
            Set((hostile[kind]?.endings ?? [:]).keys)
        }
        #expect(endings(.silent) == ["not answered"])
        #expect(endings(.slowHead) == ["not answered"])
        #expect(endings(.slowReader).isSubset(of: ["open to the end", "not answered"]))
        #expect(endings(.oversizedHead).contains("answered 431"))
        #expect(endings(.reset).contains { $0.hasPrefix("reset by the tool") })
        #expect(endings(.guesser).isSubset(of: ["let in", "not answered"]))
        // Those that are over come again.
        #expect((hostile[.reset]?.count ?? 0) > 2)
        #expect(hostile.values.allSatisfy { Int($0.life.totalCount) == $0.count })
    }

    @Test func `a refusal is told with its status and word`() throws {
        let outcome = try run(.refuses)
        #expect(outcome.kinds == [.refused])
        let endings = outcome.tally.hostile[.slowReader]?.endings ?? [:]
        #expect(endings["answered 403 http_request_denied"] != nil)
    }

    @Test func `without a proxy there is nobody to be hostile to`() throws {
        #expect(throws: SettingError.self) {
            try Bench.run(Bench.settings(.hostile, .direct))
        }
    }
}

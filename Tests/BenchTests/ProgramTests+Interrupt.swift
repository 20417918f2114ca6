import Load
import Testing

/// Ctrl-C: what was measured so far is told, and nothing stays behind.
extension ProgramTests {
    private static let endless: [Scenario: [String]] = [
        .verify: ["--tunnels", "1000000", "--size", "20KiB"],
        .hold: ["--duration", "1h"], .rate: ["--duration", "1h", "--warmup", "0"],
        .echo: ["--duration", "1h"], .bulk: ["--duration", "1h"],
        .mix: ["--duration", "1h", "--warmup", "0", "--stand", "1h"],
        .hostile: ["--duration", "1h", "--hostile", "20"],
    ]

    /// Runs `scenario` through a proxy with `fault` until `arrivals` have come there, then
    /// interrupts it.
    private func interrupt(
        _ scenario: Scenario,
        _ more: [String],
        _ fault: Fault = .none,
        after arrivals: Int = 8
    ) throws -> Tool.Result {
        let proxy = FaultyProxy.proxy(fault)
        defer { proxy.stop() }
        let arguments = [scenario.rawValue, "--proxy", "\(proxy.endpoint)"]
        return try Tool.run(
            arguments + (Self.endless[scenario] ?? []) + more,
            interruptedAfter: arrivals,
            at: proxy
        )
    }

    @Test(arguments: Scenario.allCases)
    func `an interrupt ends any scenario, which tells what it measured`(
        scenario: Scenario
    ) throws {
        let folder = try Scratch()
        let result = try interrupt(scenario, ["--json", folder.path("figures.json")])
        #expect(result.status == 130, "\(result.output)")
        #expect(result.output.contains("INTERRUPTED"))
        #expect(result.output.contains(#/\n(open|verify|rate|mix) /#), "\(result.output)")
        #expect(result.output.contains("failures: none"))
        #expect(try folder.names() == ["figures.json"])
        #expect(try folder.figures("figures.json")["interrupted"] as? Bool == true)
    }

    @Test(arguments: [Scenario.verify, .hold, .rate])
    func `an interrupt ends what waits for a proxy that says nothing`(scenario: Scenario) throws {
        let result = try interrupt(scenario, ["--timeout", "1h"], .saysNothing)
        #expect(result.status == 130, "\(result.output)")
        #expect(result.output.contains("INTERRUPTED"))
    }

    @Test func `an interrupt ends tunnels that carry TLS`() throws {
        let result = try interrupt(.echo, ["--tls"])
        #expect(result.status == 130, "\(result.output)")
        #expect(result.output.contains("failures: none"))
    }
}

import Testing

extension ProgramTests {
    /// Every way in which a proxy may misbehave, and a word of what is said about it.
    private static let misdeeds: [(Fault, String)] = [
        (.drops(.up, 40), "wrong byte"), (.drops(.down, 40), "wrong byte"),
        (.drops(.up, 5), "order unreadable"),
        (.repeats(.up, 40), "wrong byte"), (.repeats(.down, 40), "wrong byte"),
        (.changes(.up, 40), "wrong byte"), (.changes(.down, 40), "wrong byte"),
        (.ends(.up, 40), "ended early"), (.ends(.down, 40), "ended early"),
        (.breaks(.up, 40), "broken"), (.breaks(.down, 40), "broken"),
        (.stalls(.up, 40), "stalled"), (.stalls(.down, 40), "stalled"),
        (.adds(.up), "more than was sent"), (.adds(.down), "more than was sent"),
        (.truncates(.up), "ended early"), (.truncates(.down), "ended early"),
        (.keepsEnd(.up), "stalled"), (.keepsEnd(.down), "stalled"),
        (.endsBoth(.up), "client"), (.endsBoth(.down), "origin"),
        (.consentsThenFails, "client"), (.consentsThenStalls, "stalled"),
        (.forgetsEarlyBytes, "origin"), (.saysNothing, "stalled"), (.babbles, "no answer of HTTP"),
        (.hangsUp, "ended early"), (.refuses, "refused by the proxy"),
    ]

    @Test(arguments: misdeeds)
    func `verify passes no proxy that misbehaves`(fault: Fault, words: String) throws {
        let proxy = FaultyProxy.proxy(fault)
        defer { proxy.stop() }
        let result = try Tool.run([
            "verify", "--proxy", "\(proxy.endpoint)", "--tunnels", "48", "--size", "100KiB",
            "--timeout", "1s",
        ])
        #expect(result.status == 1)
        #expect(result.output.contains(words), "\(result.output)")
        #expect(!result.output.contains("failures: none"))
    }

    @Test func `verify passes a proxy that is only slow`() throws {
        let proxy = FaultyProxy.proxy(.pauses(.down, 100, milliseconds: 20))
        defer { proxy.stop() }
        let result = try Tool.run([
            "verify", "--proxy", "\(proxy.endpoint)", "--tunnels", "48", "--size", "100KiB",
        ])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("failures: none"))
    }
}

import Load
import Testing

@Suite struct CredentialsTests {
    @Test(arguments: [
        "a:b", "user:pass", "user:a:b c", ":", "ü:ß", "abc:" + String(repeating: "x", count: 900),
    ])
    func `a proxy that demands credentials gets them`(text: String) throws {
        var settings = Bench.settings(.rate, .direct)
        settings.credentials = Credentials(text)
        let outcome = try Bench.run(settings, .demands(text))
        #expect(outcome.tally.failures == [:])
        #expect(outcome.counts?.finished == settings.tunnels)
    }

    @Test func `without credentials, or with others, it answers 407`() throws {
        var settings = Bench.settings(.rate, .direct)
        for credentials in [nil, Credentials("user:Pass")] {
            settings.credentials = credentials
            let outcome = try Bench.run(settings, .demands("user:pass"))
            #expect(outcome.tally.failures.keys.map(\.detail) == ["407 "])
        }
    }

    @Test func `users take turns`() throws {
        var settings = Bench.settings(.rate, .direct)
        settings.credentials = Credentials("user:pass")
        settings.credentials?.count = 4
        settings.tunnels = 40
        let outcome = try Bench.run(settings, .demands("user2:pass"))
        #expect(outcome.tally.failures.keys.map(\.detail) == ["407 "])
        #expect(outcome.counts?.finished == 10)
    }

    @Test func `what is no pair is refused`() {
        #expect(Credentials("user") == nil)
        #expect(Credentials("user:a\nb") == nil)
        #expect(Credentials(String(repeating: "a", count: 1024) + ":") == nil)
    }
}

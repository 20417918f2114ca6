import Internet
import Kernel
import Proxy
import Testing

@Suite struct ReputationsTests {
    private static let second: UInt64 = 1_000_000_000
    private let start = Instant(nanoseconds: 1_000_000 * second)

    private func key(_ text: String) throws -> Reputations.Key {
        Reputations.Key(try #require(Address(text)))
    }

    @Test func `failures of a client count for a minute from the first on`() throws {
        var reputations = Reputations()
        let client = try key("192.0.2.1")
        func count(_ seconds: UInt64) -> Int {
            let now = start + seconds * Self.second
            return reputations.reputation(of: client, now).failures.count(now)
        }
        reputations.fails(client, start)
        reputations.fails(client, start + 59 * Self.second)
        #expect(count(59) == 2)
        #expect(count(60) == 0)
        reputations.fails(client, start + 60 * Self.second)
        #expect(count(61) == 1)
    }

    @Test func `failures of a network count for ten minutes at least`() throws {
        var reputations = Reputations()
        func count(_ seconds: UInt64) throws -> Int {
            let now = start + seconds * Self.second
            let reputation = reputations.reputation(of: try key("192.0.2.9"), now)
            return reputation.networkFailures.count(now)
        }
        reputations.fails(try key("192.0.2.1"), start)
        reputations.fails(try key("192.0.2.2"), start + 599 * Self.second)
        #expect(try count(1199) == 2)
        #expect(try count(1200) == 0)
        reputations.fails(try key("192.0.2.3"), start + 1198 * Self.second)
        #expect(try count(1199) == 3)
        #expect(try count(1798) == 1)
        reputations.fails(try key("192.0.2.3"), start + 10_000 * Self.second)
        #expect(try count(10_001) == 1)
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.255", false, true), ("192.0.2.1", "192.0.3.1", false, false),
        ("2001:db8:1:2::1", "2001:db8:1:2:3::1", true, true),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", false, true),
        ("2001:db8:1:2::1", "2001:db8:2:2::1", false, false), ("0.0.2.1", "::2:1", false, false),
    ])
    func `a client is an address or a /64, a network a /24 or a /48`(
        one: String,
        other: String,
        isSame: Bool,
        isNear: Bool
    ) throws {
        var reputations = Reputations()
        reputations.fails(try key(one), start)
        let reputation = reputations.reputation(of: try key(other), start)
        #expect(reputation.failures.count(start) == (isSame ? 1 : 0))
        #expect(reputation.networkFailures.count(start) == (isNear ? 1 : 0))
    }

    @Test func `who has logged in is a regular for three days`() throws {
        var reputations = Reputations()
        let client = try key("192.0.2.1")
        reputations.succeeds(client, start)
        let day = 86400 * Self.second
        #expect(reputations.reputation(of: client, start + (3 * day - 1)).isRegular)
        #expect(!reputations.reputation(of: client, start + 3 * day).isRegular)
        #expect(!reputations.reputation(of: try key("192.0.2.2"), start).isRegular)
        // Others who come meanwhile don't end that.
        reputations.succeeds(try key("192.0.2.2"), start + 2 * day)
        reputations.succeeds(try key("192.0.2.3"), start + (3 * day - 1))
        #expect(reputations.reputation(of: client, start + (3 * day - 1)).isRegular)
    }

    @Test func `if too many log in, those are forgotten who did first`() throws {
        var reputations = Reputations()
        func client(_ number: UInt32) -> Reputations.Key { Reputations.Key(Address(v4: number)) }
        for number in 0..<200_000 as Range<UInt32> {
            reputations.succeeds(client(number), start + UInt64(number))
        }
        let now = start + Self.second
        #expect(!reputations.reputation(of: client(0), now).isRegular)
        #expect(reputations.reputation(of: client(199_999), now).isRegular)
        let regulars = (0..<200_000).count { reputations.reputation(of: client($0), now).isRegular }
        #expect((1 << 15...1 << 16).contains(regulars))
    }
}

import Internet
import Testing

import Resolver

@Suite struct CandidatesTests {
    private func candidates(_ texts: [String]) throws -> Candidates {
        var candidates = Candidates()
        for text in texts { candidates.insert(try #require(Address(text))) }
        return candidates
    }

    private func rest(_ candidates: Candidates) -> [String] {
        var candidates = candidates
        var rest: [String] = []
        while let address = candidates.next() { rest.append(address.description) }
        return rest
    }

    private func order(_ v6: [String], _ v4: [String]) throws -> [String] {
        rest(try candidates(v4 + v6))
    }

    @Test func `the families take turns, IPv6 first`() throws {
        let v6 = ["2001:db8::1", "2001:db8::2", "2001:db8::3"]
        let expected = ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "2001:db8::3"]
        #expect(try order(v6, ["192.0.2.1", "192.0.2.2"]) == expected)
    }

    @Test func `one family alone keeps the order of the answer`() throws {
        #expect(try order([], ["192.0.2.2", "192.0.2.1"]) == ["192.0.2.2", "192.0.2.1"])
        #expect(try order(["2001:db8::2", "2001:db8::1"], []) == ["2001:db8::2", "2001:db8::1"])
        #expect(try order([], []) == [])
    }

    @Test func `a higher precedence goes first, equals keep their order`() throws {
        let v6 = ["2002:c000:201::1", "fd00::1", "2001:db8::2", "2001::1", "2001:db8::1", "::1"]
        let expected = [
            "::1", "2001:db8::2", "2001:db8::1", "2002:c000:201::1", "2001::1", "fd00::1",
        ]
        #expect(try order(v6, []) == expected)
    }

    @Test func `the family of the best address begins`() throws {
        #expect(
            try order(["fd00::1", "2001::1"], ["192.0.2.1"]) == [
                "192.0.2.1", "2001::1", "fd00::1",
            ]
        )
    }

    @Test func `what comes late takes its place among the untried`() throws {
        var candidates = try candidates(["192.0.2.1", "192.0.2.2"])
        #expect(candidates.next()?.description == "192.0.2.1")
        candidates.insert(try #require(Address("2002::1")))
        candidates.insert(try #require(Address("2001:db8::1")))
        #expect(rest(candidates) == ["2001:db8::1", "192.0.2.2", "2002::1"])
        #expect(!candidates.isEmpty)
    }

    @Test func `two full lists give thirty-two candidates and no more`() throws {
        let v6 = (1...17).map { "2001:db8::\($0)" }
        let v4 = (1...17).map { "192.0.2.\($0)" }
        let expected = zip(v6, v4).prefix(16).flatMap { [$0, $1] }
        #expect(try order(v6, v4) == expected)
    }

    @Test(
        arguments: [
            ("::1", 50), ("2001:db8::1", 40), ("192.0.2.1", 35), ("::ffff:192.0.2.1", 35),
            ("2002::1", 30), ("2001::1", 5), ("fc00::1", 3), ("fdff::1", 3), ("::2", 1),
            ("::192.0.2.1", 1), ("fec0::1", 1), ("feff::1", 1), ("3ffe::1", 1), ("fe80::1", 40),
            ("2001:1::1", 40),
        ]
    )
    func `the precedence is that of the policy table`(text: String, precedence: Int) throws {
        #expect(Candidates.precedence(try #require(Address(text))) == precedence)
    }
}

import Internet
import Testing

import Resolver

@Suite struct AddressOrderTests {
    private func list(_ texts: [String]) throws -> AddressList {
        var list = AddressList()
        for text in texts { list.append(try #require(Address(text))) }
        return list
    }

    private func order(_ v6: [String], _ v4: [String]) throws -> [String] {
        let candidates = AddressOrder.order(v6: try list(v6), v4: try list(v4))
        return (0..<candidates.count).map { candidates[$0].description }
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

    @Test func `two full lists give thirty-two candidates`() throws {
        let v6 = (1...16).map { "2001:db8::\($0)" }
        let v4 = (1...16).map { "192.0.2.\($0)" }
        #expect(try order(v6, v4) == zip(v6, v4).flatMap { [$0, $1] }.map { $0 })
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
        #expect(AddressOrder.precedence(try #require(Address(text))) == precedence)
    }
}

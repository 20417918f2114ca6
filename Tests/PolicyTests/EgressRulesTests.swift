import Connect
import Internet
import Policy
import Testing

@Suite struct EgressRulesTests {
    static func rules(
        _ ports: [ClosedRange<UInt16>] = [443...443],
        allowsPrivate: Bool = false,
        _ listeners: String...
    ) throws -> EgressRules {
        let endpoints = try listeners.map { try #require(Endpoint($0)) }
        return EgressRules(
            allowedPorts: ports,
            allowsPrivate: allowsPrivate,
            ownListeners: endpoints
        )
    }

    static func verdict(_ rules: EgressRules, _ destination: String) throws -> Verdict {
        let endpoint = try #require(Endpoint(destination))
        return rules.verdict(address: endpoint.address, port: endpoint.port)
    }

    @Test func `only listed ports are allowed`() throws {
        let rules = try Self.rules([443...443, 8000...8002])
        for port in [443, 8000, 8001, 8002] as [UInt16] {
            #expect(rules.verdict(port: port) == .allowed)
        }
        for port in [1, 22, 442, 444, 7999, 8003, 65535] as [UInt16] {
            #expect(rules.verdict(port: port) == .refused(.portNotAllowed))
        }
        #expect(try Self.rules([]).verdict(port: 443) == .refused(.portNotAllowed))
        #expect(try Self.rules([1...65535]).verdict(port: 65535) == .allowed)
    }

    @Test(arguments: ["8.8.8.8:443", "[2606:4700::1111]:443", "[::ffff:8.8.8.8]:443"])
    func `public addresses are allowed`(_ destination: String) throws {
        #expect(try Self.verdict(Self.rules(), destination) == .allowed)
    }

    @Test(arguments: [
        "127.0.0.1:443", "[::1]:443", "10.0.0.1:443", "[fd00::1]:443", "169.254.169.254:443",
        "[fe80::1]:443", "100.64.0.1:443", "198.18.0.1:443", "192.0.2.1:443",
        "[::ffff:127.0.0.1]:443", "[64:ff9b::7f00:1]:443", "[2002:a00:1::]:443",
        "[64:ff9b:1::8.8.8.8]:443",
    ])
    func `private addresses are refused until opened`(_ destination: String) throws {
        let refused = Verdict.refused(.addressProhibited)
        #expect(try Self.verdict(Self.rules(), destination) == refused)
        #expect(try Self.verdict(Self.rules(allowsPrivate: true), destination) == .allowed)
    }

    @Test(arguments: [
        "0.0.0.0:443", "0.1.2.3:443", "[::]:443", "224.0.0.1:443", "[ff02::1]:443",
        "255.255.255.255:443", "240.0.0.1:443", "[fec0::1]:443", "[100::1]:443", "192.0.0.1:443",
        "[2001:1::1]:443", "[::ffff:0.0.0.0]:443", "[2002:e000:1::]:443", "[64:ff9b::0.0.0.0]:443",
    ])
    func `addresses no host has stay refused`(_ destination: String) throws {
        let refused = Verdict.refused(.addressOfNoHost)
        #expect(try Self.verdict(Self.rules(), destination) == refused)
        #expect(try Self.verdict(Self.rules(allowsPrivate: true), destination) == refused)
    }

    @Test(arguments: [
        ("127.0.0.1:3128", "127.0.0.1:3128"), ("127.0.0.1:3128", "[::ffff:127.0.0.1]:3128"),
        ("[::ffff:127.0.0.1]:3128", "127.0.0.1:3128"), ("[::1]:3128", "[::1]:3128"),
        ("8.8.8.8:443", "8.8.8.8:443"), ("[2606:4700::1]:443", "[2606:4700::1]:443"),
        ("0.0.0.0:3128", "0.0.0.0:3128"), ("[::]:3128", "[::]:3128"),
    ])
    func `an own listener is refused, opened or not`(
        _ listener: String,
        _ destination: String
    ) throws {
        for allowsPrivate in [false, true] {
            let rules = try Self.rules([1...65535], allowsPrivate: allowsPrivate, listener)
            #expect(try Self.verdict(rules, destination) == .refused(.ownListener))
        }
    }

    @Test func `another port or address is no own listener`() throws {
        let rules = try Self.rules([1...65535], allowsPrivate: true, "127.0.0.1:3128")
        #expect(try Self.verdict(rules, "127.0.0.1:3129") == .allowed)
        #expect(try Self.verdict(rules, "127.0.0.2:3128") == .allowed)
        #expect(try Self.verdict(rules, "[::1]:3128") == .allowed)
    }

    @Test(arguments: ["0.0.0.0:3128", "[::]:3128", "[::ffff:0.0.0.0]:3128"])
    func `a wildcard listener leaves its port to the kernel`(_ listener: String) throws {
        let closed = try Self.rules([1...65535], listener)
        #expect(try Self.verdict(closed, "8.8.8.8:3128") == .allowedUnlessLocal)
        #expect(try Self.verdict(closed, "[2606:4700::1]:3128") == .allowedUnlessLocal)
        #expect(try Self.verdict(closed, "8.8.8.8:443") == .allowed)
        #expect(try Self.verdict(closed, "127.0.0.1:3128") == .refused(.addressProhibited))
        let open = try Self.rules([1...65535], allowsPrivate: true, listener)
        #expect(try Self.verdict(open, "127.0.0.1:3128") == .allowedUnlessLocal)
        #expect(try Self.verdict(open, "224.0.0.1:3128") == .refused(.addressOfNoHost))
    }
}

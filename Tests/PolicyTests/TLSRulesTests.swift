import Connect
import Internet
import Policy
import Testing

@Suite struct TLSRulesTests {
    private static let strict = TLSRequirement(
        isTLS: true,
        matchesName: true,
        allowsMissingName: false,
        allowsEncrypted: false
    )
    private static let rules = TLSRules(
        ports: [443...443, 8443...8444],
        requirement: strict,
        furtherNames: ["cdn.example", "*.front.example"].compactMap { HostPattern($0) }
    )

    private static func host(_ text: String) -> Host {
        let bytes = Array("\(text):443".utf8)
        guard let authority = Authority(parsing: bytes.span, in: bytes.indices) else {
            preconditionFailure("\(text) is no host")
        }
        return authority.host
    }

    private static func hello(_ name: String?, isEncrypted: Bool = false) -> ClientHello {
        ClientHello(
            serverName: name.flatMap { Name($0) },
            isEncrypted: isEncrypted,
            byteCount: 100
        )
    }

    @Test func `tunnels to the ports must be TLS and others need not`() {
        for port: UInt16 in [443, 8443, 8444] {
            #expect(Self.rules.requirement(port: port) == Self.strict)
        }
        for port: UInt16 in [1, 80, 442, 444, 8445] {
            #expect(Self.rules.requirement(port: port) == .none)
        }
    }

    @Test(
        arguments: [
            ("a.example", "a.example", nil),
            ("A.Example.", "a.example", nil),
            ("a.example", "A.EXAMPLE.", nil),
            ("a.example", nil, .nameMissing),
            ("a.example", "b.example", .nameMismatch),
            ("a.example", "a.example.b", .nameMismatch),
            ("a.example", "x.a.example", .nameMismatch),
            ("x.a.example", "a.example", .nameMismatch),
            ("a.example", "CDN.example.", nil),
            ("a.example", "x.cdn.example", .nameMismatch),
            ("a.example", "x.front.example", nil),
            ("a.example", "x.y.front.example", nil),
            ("a.example", "front.example", .nameMismatch),
            ("a.example", "xfront.example", .nameMismatch),
            ("20.0.0.1", nil, nil),
            ("[2001:db8::1]", nil, nil),
            ("20.0.0.1", "a.example", .nameMismatch),
            ("20.0.0.1", "cdn.example", nil),
        ] as [(String, String?, TLSRefusal?)]
    )
    func `the server name must be the host or a further name`(
        _ host: String,
        _ name: String?,
        _ refusal: TLSRefusal?
    ) {
        let hello = Self.hello(name)
        #expect(Self.rules.refusal(of: hello, to: Self.host(host), Self.strict) == refusal)
        var lax = Self.strict
        lax.matchesName = false
        #expect(Self.rules.refusal(of: hello, to: Self.host(host), lax) == nil)
    }

    @Test func `a hello without a name is fine where that is allowed`() {
        var lax = Self.strict
        lax.allowsMissingName = true
        let host = Self.host("a.example")
        #expect(Self.rules.refusal(of: Self.hello(nil), to: host, lax) == nil)
        #expect(Self.rules.refusal(of: Self.hello("b.example"), to: host, lax) == .nameMismatch)
        let rules = TLSRules(ports: [], requirement: lax, furtherNames: [])
        #expect(rules.requirement(port: 1, .sni).allowsMissingName == true)
        #expect(Self.rules.requirement(port: 1, .sni).allowsMissingName == false)
    }

    @Test func `an encrypted hello is refused where it isn't allowed whatever its name`() {
        for name in ["a.example", "b.example", nil] {
            let hello = Self.hello(name, isEncrypted: true)
            let host = Self.host("a.example")
            #expect(Self.rules.refusal(of: hello, to: host, Self.strict) == .encryptedHello)
        }
        var lax = Self.strict
        lax.allowsEncrypted = true
        let hello = Self.hello("a.example", isEncrypted: true)
        #expect(Self.rules.refusal(of: hello, to: Self.host("a.example"), lax) == nil)
    }

    @Test func `each refusal has its word and says why in a line of the journal`() {
        let refusals: [TLSRefusal] =
            HelloFault.allCases.map { .notTLS($0) }
            + [.cutShort, .nameMissing, .nameMismatch, .encryptedHello, .timeout]
        for refusal in refusals {
            #expect(refusal.detail.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f && $0 != 0x22 })
        }
        #expect(Set(refusals.map(\.detail)).count == refusals.count)
        let words = Set(refusals.map(\.word))
        #expect(words.count == 5 && words.allSatisfy { $0.contains("tls") })
    }
}

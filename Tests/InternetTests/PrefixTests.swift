import Internet
import Testing

@Suite struct PrefixTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false),
        ("0.0.0.0/0", "255.1.2.3", true), ("0.0.0.0/0", "::1", false),
        ("1.2.3.4/32", "1.2.3.4", true), ("1.2.3.4/32", "1.2.3.5", false),
        ("::/0", "ffff::1", true), ("::/0", "1.2.3.4", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
        ("2001:db8:0:1::/64", "2001:db8:0:1:ffff::", true),
        ("2001:db8:0:1::/64", "2001:db8:0:2::", false),
        ("2001:db8::8000:0:0:0/65", "2001:db8::ffff:0:0:0", true),
        ("2001:db8::8000:0:0:0/65", "2001:db8::1", false),
        ("::1/128", "::1", true), ("::1/128", "::2", false),
    ])
    func `a prefix contains what shares its bits`(
        _ prefix: String,
        _ address: String,
        _ isInside: Bool
    ) throws {
        let prefix = try #require(Prefix(prefix))
        let address = try #require(Address(address))
        #expect(prefix.contains(address) == isInside)
    }

    @Test(arguments: ["10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "::/0", "2001:db8::/32", "::1/128"])
    func `a prefix reads and writes its text`(_ text: String) {
        #expect(Prefix(text)?.description == text)
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "::/256", "10.0.0.1/8",
        "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8 ", "10/8", "fe80::1/64", "10.0.0.0/255.0.0.0",
        "10.0.0.0//8",
    ])
    func `malformed prefixes and those with host bits are refused`(_ text: String) {
        #expect(Prefix(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3", "10.1.2.3/32"), ("::1", "::1/128"),
        ("::ffff:10.1.2.3", "10.1.2.3/32"), ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:0:0/96", "0.0.0.0/0"), ("::/0", "::/0"), ("2001:db8::/32", "2001:db8::/32"),
    ])
    func `an address is a prefix of one, and a mapped one is of IPv4`(
        _ text: String,
        _ form: String
    ) {
        #expect(Prefix(networkOrAddress: text)?.description == form)
    }

    @Test(arguments: ["", "10.0.0.1/8", "10.0.0.0/33", "example.com", "10.0.0.1 "])
    func `other text is no prefix and no address`(_ text: String) {
        #expect(Prefix(networkOrAddress: text) == nil)
    }
}

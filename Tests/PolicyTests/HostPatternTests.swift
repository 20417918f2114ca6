import Policy
import Testing

@Suite struct HostPatternTests {
    @Test(arguments: [
        ("Example.COM.", "example.com"), ("*.Example.com", "*.example.com"), ("*.com", "*.com"),
        ("192.0.2.1", "192.0.2.1"), ("[2001:DB8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"), ("_sip._tcp.a", "_sip._tcp.a"),
    ])
    func `a pattern has one form`(_ text: String, _ form: String) {
        #expect(HostPattern(text)?.description == form)
    }

    @Test(arguments: [
        "", "*", "*.", ".example.com", "*example.com", "a.*.com", "**.com", "*.*.com",
        "example.com:443", "https://example.com", "bücher.example", "a..b", "127.1", "0x7f.1",
        "[192.0.2.1]", "10.0.0.0/8", "*.10", "a b", "a.*", "*..a",
    ])
    func `other text is refused`(_ text: String) {
        #expect(HostPattern(text) == nil)
    }
}

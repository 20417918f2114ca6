import Connect
import Internet
import Testing

@Suite struct AuthorityTests {
    static func parse(_ text: String) -> Authority? {
        let bytes = Array(text.utf8)
        return Authority(parsing: bytes.span, in: bytes.indices)
    }

    @Test(arguments: [
        ("example.com:443", "example.com:443"), ("EVIL.example.:443", "evil.example:443"),
        ("1.2.3.4:1", "1.2.3.4:1"), ("[::1]:65535", "[::1]:65535"),
        ("[2001:DB8:0::1]:443", "[2001:db8::1]:443"), ("localhost:80", "localhost:80"),
        ("[::ffff:127.0.0.1]:443", "127.0.0.1:443"),
        ("[::ffff:a9fe:a9fe]:80", "169.254.169.254:80"),
        ("[::127.0.0.1]:443", "[::7f00:1]:443"), ("_x.example:8443", "_x.example:8443"),
    ])
    func `host and port are read and written canonically`(_ text: String, _ canonical: String) {
        let authority = Self.parse(text)
        #expect(authority?.description == canonical)
        #expect(Self.parse(canonical) == authority)
    }

    @Test(arguments: [
        "", ":", "example.com", "example.com:", "example.com:0", "example.com:65536",
        "example.com:99999", "example.com:4294967739", "example.com:+443", "example.com:-443",
        "example.com:0443", "example.com:00", "example.com: 443", "example.com:443 ",
        "example.com:https", "example.com:4４3", "example.com:443:443", "example.com::443",
    ])
    func `a port that is missing or not plain is refused`(_ text: String) {
        #expect(Self.parse(text) == nil)
    }

    @Test(arguments: [
        "[example.com]:443", "[1.2.3.4]:443", "[[::1]]:443", "[::1", "[::1]", "[::1]443",
        "::1]:443",
        "::1:443", "[]:443", "[:443", "]:443", "[::1%eth0]:443", "[::1%25eth0]:443",
        "[fe80::1%25eth0]:443", "[::1]x:443", "x[::1]:443", "2001:db8::1:443", "[::1]]:443",
        "[v1.x]:443",
    ])
    func `brackets stand round IPv6 and nothing else`(_ text: String) {
        #expect(Self.parse(text) == nil)
    }

    @Test(arguments: [
        ":443", ".:443", "a..b:443", "evil.example..:443", ".evil.example:443", "user@a.b:443",
        "user:pw@a.b:443", "http://a.b:443", "a.b:443/", "a.b:443/x", "a.b/x:443", "a.b?x:443",
        "a.b#x:443", "*:443", "/:443", "a b:443", "a\tb:443", "a%2eb:443", "bücher.example:443",
        "a\u{0}:443", "127.1:443", "2130706433:443", "0177.0.0.1:443", "0x7f.1:443",
        "0x7f000001:443",
        "１２７.0.0.1:443", "127.0.0.1.:443", "1.2.3.256:443", "a.-b:443", "a,b:443", "a.b\\:443",
    ])
    func `a host that is neither name nor address is refused`(_ text: String) {
        #expect(Self.parse(text) == nil)
    }

    @Test func `host and port are told apart`() {
        let address = Address(v4: 0x0102_0304)
        #expect(Self.parse("1.2.3.4:5") == Authority(host: .address(address), port: 5))
        #expect(Self.parse("[::ffff:1.2.3.4]:5") == Authority(host: .address(address), port: 5))
        #expect(Self.parse("a.b:5") == Name("a.b").flatMap { Authority(host: .name($0), port: 5) })
        #expect(Authority(host: .address(address), port: 0) == nil)
    }

    @Test func `only the range given is read`() {
        let bytes = Array("CONNECT a.b:443 HTTP/1.1".utf8)
        #expect(Authority(parsing: bytes.span, in: 8..<15) == Self.parse("a.b:443"))
        #expect(Authority(parsing: bytes.span, in: 8..<14) == Self.parse("a.b:44"))
        #expect(Authority(parsing: bytes.span, in: 8..<12) == nil)
        #expect(Authority(parsing: bytes.span, in: 8..<8) == nil)
    }
}

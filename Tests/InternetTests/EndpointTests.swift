import Internet
import Testing

@Suite struct EndpointTests {
    @Test(arguments: ["1.2.3.4:443", "[::1]:443", "0.0.0.0:0", "[2001:db8::]:65535"])
    func `an endpoint reads and writes its text`(_ text: String) {
        #expect(Endpoint(text)?.description == text)
    }

    @Test func `an endpoint has its address and port`() {
        #expect(Endpoint("[::1]:8080") == Endpoint(Address(v6: 0, 1), port: 8080))
        #expect(Endpoint("[::ffff:1.2.3.4]:1")?.address.family == .v6)
    }

    @Test(arguments: [
        "", ":", "1.2.3.4", "1.2.3.4:", ":443", "::1:443", "[::1]", "[::1]443", "[::1]:", "[]:1",
        "[1.2.3.4]:443", "[[::1]]:443", "[::1:443", "::1]:443", "1.2.3.4:65536", "1.2.3.4:0443",
        "1.2.3.4:+443", "1.2.3.4:-1", "1.2.3.4: 443", "1.2.3.4:443 ", "localhost:443", "[:443",
        "1.2.3.4:4294967739", "1.2.3.4:00",
    ])
    func `anything else is refused`(_ text: String) {
        #expect(Endpoint(text) == nil)
    }
}

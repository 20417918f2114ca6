import Client
import Connect
import Testing

@Suite struct ServerLocationTests {
    @Test(arguments: [
        ("http://outside.example/tunnel", "outside.example:80", "outside.example", "/tunnel"),
        ("http://outside.example:8080/a/b/", "outside.example:8080", "outside.example", "/a/b"),
        ("HTTP://192.0.2.1:80/t", "192.0.2.1:80", "192.0.2.1", "/t"),
        ("http://[2001:db8::1]:81/t", "[2001:db8::1]:81", "[2001:db8::1]", "/t"),
        ("http://outside.example", "outside.example:80", "outside.example", ""),
    ])
    func `a URL of plain HTTP is taken apart`(
        _ text: String,
        _ authority: String,
        _ host: String,
        _ path: String
    ) throws {
        let location = try ServerLocation(text)
        #expect("\(location.authority)" == authority)
        #expect(location.hostText == host)
        #expect(location.path == path)
    }

    @Test func `the field Host has the port unless it is 80`() throws {
        #expect(try ServerLocation("http://a.example/t").hostField == "a.example")
        #expect(try ServerLocation("http://a.example:8080/t").hostField == "a.example:8080")
    }

    @Test(arguments: [
        ("https://a.example/t", "TLS"), ("a.example/t", "allowed is http://"),
        ("http://u:p@a.example/t", "--credentials"), ("http://a.example/t?q", "query"),
        ("http://a.example/t t", "space"), ("http://a.example:0/t", "no host and port"),
        ("http://2001:db8::1/t", "brackets"), ("http:///t", "no host and port"),
    ])
    func `another URL is refused with what to do`(_ text: String, _ words: String) throws {
        let error = #expect(throws: LocationError.self) { try ServerLocation(text) }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }
}

@Suite struct ProxyLocationTests {
    @Test(arguments: [
        ("http://proxy.example:3128/", "proxy.example:3128", ""),
        ("proxy.example:3128", "proxy.example:3128", ""),
        ("http://proxy.example", "proxy.example:80", ""),
        ("http://me:a%3Ab%40@[::1]:8080", "[::1]:8080", "me:a:b@"),
        ("http://me:a/b@proxy:3128/", "proxy:3128", "me:a/b"),
        ("http://me:123/x@proxy:3128", "proxy:3128", "me:123/x"),
        ("http://me@proxy:3128", "proxy:3128", "me:"),
    ])
    func `a value of http_proxy is taken apart`(
        _ text: String,
        _ authority: String,
        _ credentials: String
    ) throws {
        let location = try ProxyLocation(text)
        #expect("\(location.authority)" == authority)
        #expect(String(decoding: location.credentials, as: UTF8.self) == credentials)
    }

    @Test(arguments: ["socks5://a:1", "https://a:1", "http://me:%zz@a:1", "http://me:%4@a:1", ""])
    func `another value is refused`(_ text: String) {
        #expect(throws: LocationError.self) { try ProxyLocation(text) }
    }

    @Test(arguments: [
        "http://me:secret/b@proxy:x", "http://me:secret%01@proxy:1", "http://:secret@proxy:1",
        "http://me:secret\(String(repeating: "x", count: 600))@proxy:1",
    ])
    func `no part of a password is told`(_ text: String) {
        let error = #expect(throws: LocationError.self) { try ProxyLocation(text) }
        #expect(error?.description.contains("secret") == false)
    }

    @Test func `no_proxy exempts a server by name, ending, address or star`() throws {
        let name = try ServerLocation("http://Tunnel.Outside.example/t")
        for list in ["tunnel.outside.example", "a, .outside.example", "outside.example", "*"] {
            #expect(ProxyLocation.isExempt(name, list), "\(list)")
        }
        for list in ["", "side.example", "tunnel", "outside.example.org"] {
            #expect(!ProxyLocation.isExempt(name, list), "\(list)")
        }
        let address = try ServerLocation("http://[::1]:8080/t")
        #expect(ProxyLocation.isExempt(address, "localhost,::1"))
    }
}

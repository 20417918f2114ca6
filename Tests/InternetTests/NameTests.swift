import Internet
import Testing

@Suite struct NameTests {
    static let label63 = String(repeating: "a", count: 63)

    @Test(arguments: [
        ("example.com", "example.com"), ("EVIL.Example", "evil.example"),
        ("evil.example.", "evil.example"), ("localhost", "localhost"), ("a", "a"),
        ("_dmarc.example.org", "_dmarc.example.org"), ("a-b.c--d", "a-b.c--d"),
        ("-a.b-.example", "-a.b-.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"), ("1.2.3.example", "1.2.3.example"),
        ("1a", "1a"), ("0xy.example", "0xy.example"), ("x0", "x0"), ("1-2", "1-2"),
    ])
    func `a name is folded to lower case without trailing dot`(_ text: String, _ folded: String) {
        #expect(Name(text)?.description == folded)
        #expect(Name(text) == Name(folded))
        #expect(Name(text)?.hashValue == Name(folded)?.hashValue)
    }

    @Test(arguments: [
        "", ".", "..", "a..", "a..b", ".a", "-a", "a-", "a.-b", "a.b-", "127.0.0.-1", "a b", "a/b",
        "a@b", "a:1",
        "[a]", "bücher.example", "a\u{0}b", "a\r\n", "a%20b", "a*", "１２７.example", "a,b",
        "127.1", "127.0.0.1", "127.0.0.1.", "2130706433", "0x7f.1", "0x7f000001", "0x", "a.0x1",
        "a.0X1", "0177.0.0.1", "example.1", "example.0x", "1",
        label63 + "a.example",
    ])
    func `malformed names and numbers are refused`(_ text: String) {
        #expect(Name(text) == nil)
    }

    @Test func `labels have up to 63 bytes and names up to 253`() {
        let longest = [Self.label63, Self.label63, Self.label63, String(repeating: "b", count: 61)]
            .joined(separator: ".")
        #expect(longest.utf8.count == 253)
        #expect(Name(longest)?.count == 253)
        #expect(Name(longest + ".")?.count == 253)
        #expect(Name(longest + "b") == nil)
        #expect(Name(longest + "..") == nil)
    }

    @Test(arguments: [
        ("localhost", true), ("LOCALHOST.", true), ("a.localhost", true), ("a.b.localhost", true),
        ("notlocalhost", false), ("localhost.example", false), ("localhos", false),
    ])
    func `localhost and what is below it is known`(_ text: String, _ isLocalhost: Bool) {
        #expect(Name(text)?.isLocalhost == isLocalhost)
    }

    @Test func `names that differ are not equal`() {
        #expect(Name("example.com") != Name("example.co"))
        #expect(Name("example.com") != Name("example.con"))
        #expect(Set([Name("a.b"), Name("A.B."), Name("a.c")]).count == 2)
    }

    @Test func `bytes are read by index`() throws {
        let name = try #require(Name("Ab."))
        #expect(name.count == 2)
        #expect([name[0], name[1]] == Array("ab".utf8))
    }

    @Test func `a name is read from the middle of bytes`() {
        let bytes = Array("x.example:443".utf8)
        #expect(Name(parsing: bytes.span, in: 2..<9) == Name("example"))
        #expect(Name(parsing: bytes.span, in: 2..<10) == nil)
    }
}

import Connect
import Internet
import Testing

@Suite struct ParentRequestTests {
    private func request(
        _ head: String,
        _ authorization: String = "",
        minorVersion: UInt8 = 1
    ) throws -> (String, Bool) {
        let target = try #require(authority("a.test:443"))
        var sink: [UInt8] = []
        let isGood = ParentRequest.write(
            target,
            head: Array(head.utf8).span,
            minorVersion: minorVersion,
            pseudonym: "we-1",
            authorization: Array(authorization.utf8),
            to: &sink
        )
        return (String(decoding: sink, as: UTF8.self), isGood)
    }

    private func authority(_ text: String) -> Authority? {
        let bytes = Array(text.utf8)
        return Authority(parsing: bytes.span, in: 0..<bytes.count)
    }

    private static let start = "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n"

    @Test(
        arguments: [
            ("CONNECT b.test:1 HTTP/1.1\r\nHost: x\r\n\r\n", "Via: 1.1 we-1\r\n"),
            (
                "\r\nCONNECT b:1 HTTP/1.1\r\nVIA:1.0 a\r\nX: 1.1 b\r\nvia: \t1.1 c ,d \r\n\r\n"
                    + "Via: no\r\n",
                "Via: 1.0 a, 1.1 c ,d\r\nVia: 1.1 we-1\r\n"
            ),
            ("CONNECT b:1 HTTP/1.1\r\nVia:\r\n\r\n", "Via: 1.1 we-1\r\n"),
            (
                "CONNECT b:1 HTTP/1.1\r\nVia: 1.1 a\t(\u{e9})\r\n\r\n",
                "Via: 1.1 a\t(\u{e9})\r\nVia: 1.1 we-1\r\n"
            ),
        ]
    )
    func `Via is passed on, and nothing else`(_ head: String, _ fields: String) throws {
        #expect(try request(head) == (Self.start + fields + "\r\n", true))
    }

    @Test func `our part of Via has the version of the request`() throws {
        let (text, isGood) = try request("CONNECT b:1 HTTP/1.0\r\n\r\n", minorVersion: 0)
        #expect(isGood && text == Self.start + "Via: 1.0 we-1\r\n\r\n")
    }

    @Test func `credentials are ours`() throws {
        let (text, isGood) = try request("CONNECT b:1 HTTP/1.1\r\n\r\n", "Basic eDp5")
        let end = "Via: 1.1 we-1\r\nProxy-Authorization: Basic eDp5\r\n\r\n"
        #expect(isGood && text == Self.start + end)
    }

    @Test func `too long a Via is no good`() throws {
        let hops = (0..<100).map { "Via: 1.1 proxy-\($0).example\r\n" }.joined()
        #expect(try request("CONNECT b:1 HTTP/1.1\r\n\(hops)\r\n").1 == false)
    }

    @Test func `others may follow a field of printable ASCII whose strings end`() {
        func mayBeListed(_ head: String) -> Bool {
            HeadFields.mayBeListed("x", in: Array(head.utf8).span)
        }
        #expect(mayBeListed("C b:1 HTTP/1.1\r\nX: a ~\r\nY: \u{e9}\r\n\r\n"))
        #expect(!mayBeListed("C b:1 HTTP/1.1\r\nX: a\r\nX: \u{e9}\r\n\r\n"))
        #expect(!mayBeListed("C b:1 HTTP/1.1\r\nX: a\tb\r\n\r\n"))
        #expect(mayBeListed("C b:1 HTTP/1.1\r\nX: \"a\\\" \\\\\", b\r\n\r\n"))
        #expect(!mayBeListed("C b:1 HTTP/1.1\r\nX: \"a; error=b\r\n\r\n"))
    }

    @Test func `a name is found in any value of a field`() {
        func have(_ head: String) -> Bool {
            HeadFields.have("we-1", in: "via", Array(head.utf8).span)
        }
        #expect(have("C b:1 HTTP/1.1\r\nVia: 1.1 x\r\nVia: 1.1 y, 1.1 we-1 (z)\r\n\r\n"))
        #expect(!have("C b:1 HTTP/1.1\r\nVia: 1.1 we-\r\nX: we-1\r\n\r\nVia: we-1\r\n"))
        #expect(!have(""))
    }

    @Test func `the largest request keeps its bound`() throws {
        let label = String(repeating: "a", count: 63)
        let name = "\(label).\(label).\(label).\(String(repeating: "b", count: 61)):65535"
        let target = try #require(authority(name))
        let via = String(repeating: "v", count: ParentRequest.viaBytesMax)
        let value = [UInt8](repeating: 65, count: ParentRequest.authorizationBytesMax)
        var sink: [UInt8] = []
        let isGood = ParentRequest.write(
            target,
            head: Array("C b:1 HTTP/1.1\r\nVia: \(via)\r\n\r\n".utf8).span,
            minorVersion: 1,
            pseudonym: "culvert-0123456789abcdef",
            authorization: value,
            to: &sink
        )
        #expect(isGood && sink.count <= ParentRequest.byteCountMax)
    }

    // MARK: The answer

    @Test(
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 204\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.0 299 X\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        ]
    )
    func `what a success says of a body counts for nothing`(_ text: String) {
        let bytes = Array(text.utf8) + [1, 2, 3]
        var parser = ResponseHeadParser(toConnect: true)
        guard case .complete(let head) = parser.parse(bytes.span) else {
            Issue.record("no head")
            return
        }
        #expect((200...299).contains(head.status) && head.byteCount == text.utf8.count)
        var other = ResponseHeadParser()
        if text.contains("Length: x") || text.contains("Length: 2") || text.contains("chunked") {
            guard case .malformed = other.parse(bytes.span) else {
                Issue.record("another request's answer means what it says")
                return
            }
        }
    }

    @Test func `credentials become the value of a field`() {
        #expect(BasicCredentials.value(Array("ana:word".utf8)) == Array("Basic YW5hOndvcmQ=".utf8))
        #expect(BasicCredentials.value(Array("x:".utf8)) == Array("Basic eDo=".utf8))
        for text in ["", ":", "word", ":word", "a:b\n", String(repeating: "a:", count: 300)] {
            #expect(BasicCredentials.value(Array(text.utf8)) == nil)
        }
    }
}

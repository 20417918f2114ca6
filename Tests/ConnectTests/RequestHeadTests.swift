import Connect
import Testing

@Suite struct RequestHeadTests {
    private static func outcome(_ text: String, step: Int = .max) -> RequestOutcome {
        let bytes = Array(text.utf8)
        var parser = RequestHeadParser()
        var count = 0
        while true {
            count = step > bytes.count - count ? bytes.count : count + step
            let outcome = parser.parse(bytes.span.extracting(0..<count))
            guard outcome == .incomplete, count < bytes.count else { return outcome }
        }
    }

    private static func head(_ text: String) throws -> RequestHead {
        guard case .complete(let head) = outcome(text) else {
            throw Unexpected(description: "\(outcome(text)): \(text)")
        }
        return head
    }

    private struct Unexpected: Error { let description: String }

    private static func part(_ text: String, _ range: Range<Int>?) -> String? {
        range.map { String(decoding: Array(text.utf8)[$0], as: UTF8.self) }
    }

    private static let start = "PUT /t/-/send/0/5?x HTTP/1.1\r\nHost: a.b\r\n"

    @Test func `a head says method, path, framing and fields`() throws {
        let text =
            Self.start + "tunnel-SESSION: \t0123 \r\nAuthorization: Basic eDp5\r\n"
            + "Content-Length: 42\r\n\r\n"
        let head = try Self.head(text + "body")
        #expect(head.method == .put)
        #expect(Self.part(text, head.path) == "/t/-/send/0/5?x")
        #expect(Self.part(text, head.session) == "0123")
        #expect(Self.part(text, head.authorization) == "Basic eDp5")
        #expect(head.body == .length(42))
        #expect(head.byteCount == text.utf8.count)
        #expect(head.persists && !head.expectsContinue && head.minorVersion == 1)
    }

    @Test(
        arguments: [
            ("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", RequestMethod.get, "/a"),
            ("POST http://a.b/c?d HTTP/1.1\r\nHost: a\r\n\r\n", .post, "/c?d"),
            ("DELETE HTTP://[::1]:80/ HTTP/1.0\r\n\r\n", .delete, "/"),
            ("PUT http://a.b:8080 HTTP/1.1\r\nHost: a\r\n\r\n", .put, ""),
        ]
    )
    func `a target is a path or a URL`(
        _ text: String,
        _ method: RequestMethod,
        _ path: String
    ) throws {
        let head = try Self.head(text)
        #expect(head.method == method && head.method.text == text.prefix(while: { $0 != " " }))
        #expect(Self.part(text, head.path) == path)
        #expect(head.body == .length(0))
    }

    static let faults: [(String, Refusal)] = [
        ("CONNECT a.b:1 HTTP/1.1\r\n", .methodNotAllowed),
        ("HEAD / HTTP/1.1\r\n", .headNotAllowed),
        ("get / HTTP/1.1\r\n", .methodUnknown),
        ("GET * HTTP/1.1\r\n", .malformedTarget),
        ("GET a.b:1 HTTP/1.1\r\n", .malformedTarget),
        ("GET https://a.b/ HTTP/1.1\r\n", .malformedTarget),
        ("GET http:///x HTTP/1.1\r\n", .malformedTarget),
        ("GET http://u@a.b/ HTTP/1.1\r\n", .malformedTarget),
        ("GET http:// HTTP/1.1\r\n", .malformedTarget),
        ("GET /a#b HTTP/1.1\r\n", .malformedTarget),
        ("GET /a\tb HTTP/1.1\r\n", .malformedTarget),
        ("GET /a\u{e9} HTTP/1.1\r\n", .malformedTarget),
        ("GET / HTTP/2.0\r\n", .unsupportedVersion),
        ("GET / HTTP/1.1\r\n\r\n", .missingHost),
        (start + "Host: a.b\r\n", .repeatedHost),
        (start + " folded\r\n", .foldedField),
        (start + "X : y\r\n", .spaceBeforeColon),
        (start + "Authorization: a\r\nauthorization: a\r\n", .repeatedField),
        (start + "Tunnel-Session: a\r\nTunnel-Session: a\r\n", .repeatedField),
    ]

    /// RFC 9112 sections 6.1 to 6.3: what one recipient might read otherwise than another.
    static let framings: [(String, Refusal)] = [
        (start + "Content-Length: 5\r\nContent-Length: 5\r\n", .bodyLength),
        (start + "Content-Length: 5, 5\r\n", .bodyLength),
        (start + "Content-Length: +5\r\n", .bodyLength),
        (start + "Content-Length: -5\r\n", .bodyLength),
        (start + "Content-Length: 0x5\r\n", .bodyLength),
        (start + "Content-Length: 5 5\r\n", .bodyLength),
        (start + "Content-Length:\r\n", .bodyLength),
        (start + "Content-Length: 18446744073709551621\r\n", .bodyLength),
        (start + "Content-Length: 99999999999999999999999999\r\n", .bodyLength),
        (start + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", .bodyFraming),
        (start + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", .bodyFraming),
        ("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .bodyFraming),
        (start + "Transfer-Encoding: gzip,\tChunked\r\n", .bodyCoding),
        (start + "Transfer-Encoding: chunked, gzip\r\n", .lastCoding),
        (start + "Transfer-Encoding: gzip\r\n", .lastCoding),
        (start + "Transfer-Encoding: gzip, chunked\r\n", .bodyCoding),
        (start + "Transfer-Encoding: chunked, chunked\r\n", .lastCoding),
        (start + "Transfer-Encoding: chunked,\r\n", .lastCoding),
        (start + "Transfer-Encoding: \u{b}chunked\r\n", .controlCharacter),
        (start + "Transfer-Encoding: \"chunked\"\r\n", .lastCoding),
        (start + "Transfer-Encoding: xchunked\r\n", .lastCoding),
        (start + "Transfer-Encoding: chunked;q=1\r\n", .lastCoding),
        (start + "Transfer-Encoding:\r\n", .lastCoding),
        (start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", .lastCoding),
        (start + "Transfer-Encoding : chunked\r\n", .spaceBeforeColon),
        (start + "X: y\nTransfer-Encoding: chunked\r\n", .malformedLineEnd),
    ]

    @Test(arguments: faults + framings)
    func `a faulty head is refused for its own reason, however it is split`(
        _ text: String,
        _ refusal: Refusal
    ) {
        for step in [1, 2, 7, .max] {
            #expect(Self.outcome(text, step: step) == .refused(refusal))
            #expect(Self.outcome(text + "\r\nGET / HTTP/1.1\r\n", step: step) == .refused(refusal))
        }
    }

    @Test func `chunks are announced in any case`() throws {
        let head = try Self.head(Self.start + "TRANSFER-encoding: \t Chunked \r\n\r\n")
        #expect(head.body == .chunked)
    }

    @Test(
        arguments: [
            ("HTTP/1.1\r\nHost: a\r\n\r\n", true),
            ("HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false),
            ("HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE ,y\r\n\r\n", false),
            ("HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true),
            ("HTTP/1.0\r\n\r\n", false), ("HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
            ("HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false),
        ]
    )
    func `a head says whether its connection goes on`(_ rest: String, _ persists: Bool) throws {
        #expect(try Self.head("GET / " + rest).persists == persists)
    }

    @Test func `a client may wait for 100, unless it speaks HTTP 1.0`() throws {
        let rest = "Host: a\r\nExpect: 100-Continue\r\n\r\n"
        #expect(try Self.head("PUT / HTTP/1.1\r\n" + rest).expectsContinue)
        #expect(try !Self.head("PUT / HTTP/1.0\r\n" + rest).expectsContinue)
    }
}

@Suite struct ResponseHeadTests {
    private static func outcome(_ text: String) -> ResponseOutcome {
        let bytes = Array(text.utf8)
        var parser = ResponseHeadParser()
        var piecewise = ResponseHeadParser()
        var early = ResponseOutcome.incomplete
        var count = 0
        while early == .incomplete, count < bytes.count {
            count += 1
            early = piecewise.parse(bytes.span.extracting(0..<count))
        }
        let whole = parser.parse(bytes.span)
        #expect(early == whole, "any split gives the same outcome")
        return whole
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, .length(5), true),
            ("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n", 200, .chunked, true),
            ("HTTP/1.0 200 \r\n\r\n", 200, .untilClose, false),
            ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, .length(0), true),
            ("HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\n\r\n", 304, .length(0), true),
            ("HTTP/1.1 100 Continue\r\n\r\n", 100, .length(0), true),
            ("HTTP/1.1 502 \u{e9}\r\nConnection: close\r\n\r\n", 502, .untilClose, false),
        ] as [(String, UInt16, BodyFraming, Bool)]
    )
    func `a response says its status and framing`(
        _ text: String,
        _ status: UInt16,
        _ body: BodyFraming,
        _ persists: Bool
    ) {
        guard case .complete(let head) = Self.outcome(text) else {
            Issue.record("not complete: \(Self.outcome(text))")
            return
        }
        #expect(head.status == status && head.body == body && head.persists == persists)
        #expect(head.byteCount == text.utf8.count && !head.isCoded)
    }

    @Test func `a coded content is noticed`() {
        let text = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\n"
        guard case .complete(let head) = Self.outcome(text) else { return }
        #expect(head.isCoded)
    }

    @Test(
        arguments: [
            ("HTTP/1.1 2000 OK\r\n", .malformedRequestLine), ("HTTP/1.1 20\r\n", .malformedVersion),
            ("HTTP/1.1  200 OK\r\n", .malformedRequestLine),
            ("HTTP/1.1 099 x\r\n", .malformedRequestLine), ("ICY 200 OK xx\r\n", .malformedVersion),
            ("HTTP/2.0 200 OK\r\n", .unsupportedVersion),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n", .bodyLength),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                .bodyFraming
            ), ("HTTP/1.1 200 OK\nX: y\r\n\r\n", .malformedLineEnd),
        ] as [(String, Refusal)]
    )
    func `a response that can be read in two ways is malformed`(_ text: String, _ fault: Refusal) {
        #expect(Self.outcome(text) == .malformed(fault))
    }
}

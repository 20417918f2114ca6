import Connect
import Testing

@Suite struct AnswerTests {
    static func text(_ refusal: Refusal, name: String = "culvert") -> String {
        var bytes: [UInt8] = []
        Answer.write(refusal, name: name, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `the answer that opens a tunnel has no field`() {
        var bytes: [UInt8] = []
        Answer.writeEstablished(to: &bytes)
        #expect(bytes == Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8))
    }

    @Test func `a refusal by the rules reads like this`() {
        #expect(
            Self.text(.portNotAllowed) == """
                HTTP/1.1 403 Forbidden\r
                Proxy-Status: culvert; error=http_request_denied; \
                details="this port is not allowed; ask the operator to allow it"\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Length: 80\r
                Cache-Control: no-store\r
                Connection: close\r
                \r
                403 http_request_denied: this port is not allowed; ask the operator to allow it

                """
        )
    }

    @Test func `a name server's answer is passed on as its code`() {
        #expect(
            Self.text(.nameNotFound, name: "edge 1") == """
                HTTP/1.1 502 Bad Gateway\r
                Proxy-Status: "edge 1"; error=dns_error; \
                details="the name does not exist; check its spelling"; rcode="NXDOMAIN"\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Length: 59\r
                Cache-Control: no-store\r
                Connection: close\r
                \r
                502 dns_error: the name does not exist; check its spelling

                """
        )
    }

    @Test func `the answer to HEAD has the fields of one with content, and no content`() {
        let text = Self.text(.headNotAllowed)
        #expect(text.contains("\r\nContent-Length: 92\r\n"))
        #expect(text.hasSuffix("\r\n\r\n"))
    }

    @Test func `only 405 says what is allowed`() {
        for refusal in Refusal.allCases {
            let hasAllow = Self.text(refusal).contains("\r\nAllow: CONNECT\r\n")
            #expect(hasAllow == (refusal.status == 405))
        }
    }

    @Test(arguments: Refusal.allCases.filter { $0 != .headNotAllowed })
    func `every answer is well formed and small`(_ refusal: Refusal) throws {
        for name in [
            "culvert", String(repeating: "\"", count: 255), String(repeating: "x", count: 999),
        ] {
            let text = Self.text(refusal, name: name)
            #expect(text.utf8.count < 1024)
            let bytes = Array(text.utf8)
            let bodyStart = try #require(
                bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) }
            )
            let body = bytes.count - bodyStart - 4
            #expect(text.contains("\r\nContent-Length: \(body)\r\n"))
            #expect(text.hasPrefix("HTTP/1.1 \(refusal.status) "))
            #expect(!text.contains("Refused\r\n"))
            #expect(text.hasSuffix("\(refusal.error.word): \(refusal.detail)\n"))
            #expect(!text.contains("Date:") && !text.contains("Server:"))
        }
    }

    @Test(arguments: [
        ("culvert", "culvert"), ("*edge", "*edge"), ("a:/b.c", "a:/b.c"), ("1st", "\"1st\""),
        ("", "\"\""), ("a b", "\"a b\""), ("a\"b\\c", "\"a\\\"b\\\\c\""),
        ("a\r\nX: y", "\"a??X: y\""),
        ("é", "\"??\""), ("a;b", "\"a;b\""),
    ])
    func `the name is a token, or a string that can't be left`(_ name: String, _ written: String) {
        let text = Self.text(.internalError, name: name)
        #expect(text.contains("\r\nProxy-Status: \(written); error=proxy_internal_error; "))
    }

    private static func text(
        _ error: String,
        from origin: String?,
        name: String = "near"
    ) -> String {
        var bytes: [UInt8] = []
        Answer.write(
            passedOn: 403,
            error: error.utf8.span,
            detail: "why",
            from: origin,
            name: name,
            to: &bytes
        )
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `a refusal that is passed on names both proxies`() {
        let text = Self.text("dns_error", from: "far.example")
        #expect(text.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
        let field = "Proxy-Status: far.example; error=dns_error; details=\"why\", near\r\n"
        #expect(text.contains(field))
        #expect(
            text.hasSuffix(
                "\r\nContent-Length: 4\r\nCache-Control: no-store\r\nConnection: close"
                    + "\r\n\r\nwhy\n"
            )
        )
        let own = Self.text("dns_error", from: nil)
        #expect(own.contains("Proxy-Status: near; error=dns_error; details=\"why\"\r\n"))
        let longest = String(repeating: "x", count: 255)
        #expect(Self.text(String(longest.prefix(64)), from: longest, name: longest).count < 1024)
    }

    @Test(arguments: [
        "", "a b", "A", "1a", "a;b", "a\r\nX: y", "é", String(repeating: "x", count: 65),
    ])
    func `what is no error type is left out`(_ word: String) {
        #expect(Self.text(word, from: "far").contains("Proxy-Status: far; details="))
    }
}

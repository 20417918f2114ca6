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

    @Test func `only 405 says what is allowed`() {
        for refusal in Refusal.allCases {
            let hasAllow = Self.text(refusal).contains("\r\nAllow: CONNECT\r\n")
            #expect(hasAllow == (refusal.status == 405))
        }
    }

    @Test(arguments: Refusal.allCases)
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
}

import Load
import Testing

@Suite struct AnswerReaderTests {
    private func read(_ text: String) -> (AnswerReader, AnswerReader.Progress) {
        var reader = AnswerReader()
        let progress = reader.read(Array(text.utf8).span)
        return (reader, progress)
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 Connection established\r\n\r\n", 200, ""),
            ("HTTP/1.0 200 OK\r\nVia: x\r\n\r\n", 200, ""),
            ("HTTP/1.1 204\r\n\r\n", 204, ""),
            ("HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\n\r\n", 407, ""),
            ("HTTP/1.1 502 X\r\nProxy-Status: a; error=dns_error\r\n\r\n", 502, "dns_error"),
            (
                "HTTP/1.1 502 X\r\nproxy-status:a;error=dns_error;x=1\r\nA: b\r\n\r\n", 502,
                "dns_error"
            ),
            ("HTTP/1.1 502 X\r\nProxy-Status: eerror=a\r\n\r\n", 502, "a"),
            ("HTTP/1.1 502 X\r\nX-Proxy-Status: a; error=b\r\n\r\n", 502, ""),
            ("HTTP/1.1 502 X\r\nProxy-Statusx: a; error=b\r\n\r\n", 502, ""),
            ("HTTP/1.1 502 X\nProxy-Status: a; error=b\n\n", 502, "b"),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200, ""),
            (
                "HTTP/1.1 103 X\r\nProxy-Status: a; error=b\r\n\r\nHTTP/1.1 102\r\n\r\n"
                    + "HTTP/1.1 503 X\r\n\r\n", 503, ""
            ),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", 101, ""),
        ] as [(String, UInt16, String)]
    )
    func `status and word are read`(text: String, status: UInt16, word: String) {
        let (reader, progress) = read(text + "more")
        #expect(progress == .complete(text.utf8.count))
        #expect(reader.status == status)
        #expect(reader.word == word)
    }

    @Test func `a head may come byte by byte`() {
        var reader = AnswerReader()
        let text = Array("HTTP/1.1 503 No\r\nProxy-Status: a; error=b_c\r\n\r\n".utf8)
        for byte in text.dropLast() { #expect(reader.read([byte].span) == .incomplete) }
        #expect(reader.read([text[text.count - 1]].span) == .complete(1))
        #expect(reader.status == 503)
        #expect(reader.word == "b_c")
    }

    @Test(arguments: [
        "220 mail", "HTTP/2 200\r\n", "HTTP/1.2 200 OK\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 2000 X",
        "HTTP/1.1 2x0 OK", "\r\n", "http/1.1 200 OK",
    ])
    func `what is no answer is malformed`(text: String) {
        #expect(read(text).1 == .malformed)
    }

    @Test func `a head without end is malformed at its limit`() {
        let line = "HTTP/1.1 200 OK\r\nA: "
        let most = AnswerReader.byteMax - line.utf8.count
        #expect(read(line + String(repeating: "x", count: most)).1 == .incomplete)
        #expect(read(line + String(repeating: "x", count: most + 1)).1 == .malformed)
    }

    @Test func `interim answers without end are malformed at the same limit`() {
        let interim = "HTTP/1.1 100 Continue\r\n\r\n"
        let most = AnswerReader.byteMax / interim.utf8.count
        #expect(read(String(repeating: interim, count: most)).1 == .incomplete)
        #expect(read(String(repeating: interim, count: most + 1)).1 == .malformed)
    }
}

/// Heads that must be refused, each for one fault, with the status of the answer.
enum HostileHeads {
    static let all = framing + requestLines + fields + otherProtocols

    private static let start = "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n"

    private static func with(_ fields: String...) -> String {
        start + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    /// A body of any kind, and all that could make two parsers see two ends of the message.
    private static let framing: [(head: String, status: Int)] = [
        (with("Content-Length: 5") + "hello", 400),
        (with("Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n", 400),
        (with("Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n", 400),
        (with("Transfer-Encoding: chunked,"), 400),
        (with("Transfer-Encoding: , chunked"), 400),
        (with("Transfer-Encoding:\tchunked"), 400),
        (with("Transfer-Encoding: \u{b}chunked"), 400),
        (with("Transfer-Encoding: Chunked"), 400),
        (with("Transfer-Encoding: \"chunked\""), 400),
        (with("Transfer-Encoding: identity"), 400),
        (with("Transfer-Encoding:"), 400),
        (with("tRANSFER-eNCODING: x"), 400),
        (with("Transfer-Encoding : chunked"), 400),
        (with("Transfer-Encoding\u{0}: chunked"), 400),
        (with("Transfer-Encoding: chunked") + "ffffffffffffffff\r\nx", 400),
        (with("Transfer-Encoding: chunked") + "7fffffffffffffff\r\nx", 400),
        (with("Transfer-Encoding: chunked") + "-1\r\nx", 400),
        (with("Content-Length: 0", "Content-Length: 0"), 400),
        (with("Content-Length: 0", "content-length: 5") + "hello", 400),
        (with("Content-Length: 0, 5") + "hello", 400),
        (with("Content-Length: 2147483648"), 400),
        (with("Content-Length: 18446744073709551616"), 400),
        (with("Content-Length: -1"), 400),
        (with("Content-Length: +0"), 400),
        (with("Content-Length: 0x0"), 400),
        (with("Content-Length: 00"), 400),
        (with("Content-Length:"), 400),
        (with(": nameless"), 400),
        (with(" : nameless"), 400),
    ]

    private static let requestLines: [(head: String, status: Int)] = [
        ("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", 405),
        ("GET http://169.254.169.254/ HTTP/1.1\r\nHost: a.test\r\n\r\n", 405),
        ("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello", 405),
        ("TRACE / HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 0\r\n\r\n", 405),
        ("OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n", 405),
        ("BREW / HTTP/1.1\r\nHost: a.test\r\n\r\n", 501),
        ("connect a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", 501),
        ("CONNECT a.test:443 HTTP/2.0\r\nHost: a.test\r\n\r\n", 505),
        ("CONNECT a.test:443 HTTP/0.9\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("CONNECT a.test:443 HTTP/1.1\nHost: a.test\n\n", 400),
        ("CONNECT a.test:443 HTTP/1.1\rHost: a.test\r\r", 400),
        ("CONNECT a.test:443\r\n\r\n", 400),
        ("CONNECT a.test:443 \r\n\r\n", 400),
        ("CONNECT  a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", 400),
        ("CONNECT\ta.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", 400),
        ("CONNECT a.test:443 HTTP/1.1 \r\nHost: a.test\r\n\r\n", 400),
        (" CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", 400),
        ("\r\n\r\n\r\n" + start + "\r\n", 400),
        ("\u{0}" + start + "\r\n", 400),
        ("CONNECT a.test:443 HTTP/1.1\u{0}\r\nHost: a.test\r\n\r\n", 400),
        ("CONNECT a.test\u{0}.other.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", 400),
        ("CONNECT / HTTP/1.1\r\nHost: a.test\r\n\r\n", 400),
        ("CONNECT https://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", 400),
        ("CONNECT user:secret@a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", 400),
    ]

    private static let fields: [(head: String, status: Int)] = [
        ("CONNECT a.test:443 HTTP/1.1\r\n\r\n", 400),
        ("CONNECT a.test:443 HTTP/1.1\r\nHost:\r\n\r\n", 400),
        ("CONNECT a.test:443 HTTP/1.1\r\n Host: a.test\r\n\r\n", 400),
        (with("Host: b.test"), 400),
        (with("HOST: a.test"), 400),
        (with("X: a", " folded: b"), 400),
        (with("X: a", "\tfolded"), 400),
        (with("X : a"), 400),
        (with("X"), 400),
        (with("X Y: a"), 400),
        (with("X: a\u{0}b"), 400),
        (with("X: \u{1b}]0;owned\u{7}"), 400),
        (with("X: a\rSet-Cookie: b"), 400),
        (with("X: a\nSet-Cookie: b"), 400),
        (with("X\u{e9}: a"), 400),
        (with("GET / HTTP/1.1"), 400),
    ]

    /// What is spoken on other ports.
    private static let otherProtocols: [(head: String, status: Int)] = [
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}", 400),
        ("\u{5}\u{1}\u{0}", 400),
        ("\u{4}\u{1}\u{1}\u{0}", 400),
        ("SSH-2.0-OpenSSH_9.2\r\n", 400),
        ("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n", 400),
        ("PROXY UNKNOWN \(String(repeating: "x", count: 200))\r\n", 400),
        ("\r\n\r\n\u{0}\r\nQUIT\n\u{21}\u{11}\u{0}\u{0}", 400),
        // Version 2 with a value longer than its header.
        (
            "\r\n\r\n\u{0}\r\nQUIT\n\u{21}\u{11}\u{0}\u{f}\u{a}\u{0}\u{0}\u{1}\u{a}\u{0}\u{0}\u{2}"
                + "\u{0}\u{1}\u{0}\u{2}\u{4}\u{7f}\u{7f}", 400
        ),
        ("EHLO a.test\r\n", 400),
        ("{\"method\":\"CONNECT\"}\r\n\r\n", 400),
    ]
}

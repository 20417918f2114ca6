import Connect
import Testing

/// Parses bytes given at once.
func outcome(_ bytes: [UInt8], limits: HeadLimits = HeadLimits()) -> HeadOutcome {
    var parser = HeadParser()
    return parser.parse(bytes.span, limits: limits)
}

/// Parses text given at once.
func outcome(_ text: String, limits: HeadLimits = HeadLimits()) -> HeadOutcome {
    outcome(Array(text.utf8), limits: limits)
}

/// Parses the bytes given in growing pieces of `step`, up to the first outcome.
func outcome(_ bytes: [UInt8], step: Int, limits: HeadLimits = HeadLimits()) -> HeadOutcome {
    var parser = HeadParser()
    var count = 0
    while true {
        count = min(count + step, bytes.count)
        let outcome = parser.parse(bytes.span.extracting(0..<count), limits: limits)
        guard outcome == .incomplete, count < bytes.count else { return outcome }
    }
}

@Suite struct HeadParserTests {
    static let plain = "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n"

    static let valid = [
        plain,
        "CONNECT example.com:443 HTTP/1.0\r\n\r\n",
        "CONNECT example.com:443 HTTP/1.0\r\nHost: example.com\r\n\r\n",
        "\r\n" + plain, "\r\n\r\n" + plain,
        "CONNECT [::1]:443 HTTP/1.1\r\nhOsT:[::1]:443\r\n"
            + "X-\(NameCharacters.all): \t a\tb \t\r\n\r\n",
        // Python 3.12 and later forget the brackets here.
        "CONNECT [2001:dB8::1]:443 HTTP/1.1\r\nHost: 2001:dB8::1:443\r\n\r\n",
        "CONNECT a.b:1 HTTP/1.9\r\nHost: \tc.d \r\nContent-Length: 0\r\n"
            + "X:\r\nY: \u{e9}\u{ff}\r\n\r\n",
        "CONNECT a.b:1 HTTP/1.1\r\nHost: a.b:\r\nProxy-Authorization: Basic eDp5\r\n\r\n",
        "CONNECT a.b:1 HTTP/1.1\r\nHost: a%2eb!$&'()*+,;=~_:00443\r\nConnection: close\r\n\r\n",
    ]

    enum NameCharacters {
        static let all = "!#$%&'*+-.^_`|~09azAZ"
    }

    @Test(arguments: valid)
    func `a valid head is complete and what follows is not part of it`(_ text: String) {
        for tail in ["", "\u{16}\u{3}\u{1}", "\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"] {
            guard case .complete(let head) = outcome(text + tail) else {
                Issue.record("not complete: \(outcome(text + tail))")
                return
            }
            #expect(head.byteCount == text.utf8.count)
        }
    }

    @Test func `a head says where its credentials stand`() {
        let start = "CONNECT a.b:1 HTTP/1.1\r\nHost: a.b\r\nproxy-AUTHORIZATION: \t"
        let text = "\(start)Basic eDp5 \r\nX: y\r\n\r\n"
        guard case .complete(let head) = outcome(text) else {
            Issue.record("not complete")
            return
        }
        #expect(head.credentials == start.utf8.count..<start.utf8.count + 10)
        guard case .complete(let other) = outcome(Self.plain) else { return }
        #expect(other.credentials == nil)
    }

    @Test func `a head says whom to connect to and its version`() {
        let bytes = Array("EVIL.example.:443".utf8)
        let authority = Authority(parsing: bytes.span, in: bytes.indices)
        guard case .complete(let head) = outcome("CONNECT EVIL.example.:443 HTTP/1.0\r\n\r\n"),
            case .complete(let newer) = outcome(Self.plain)
        else {
            Issue.record("not complete")
            return
        }
        #expect(head.authority == authority)
        #expect(head.authority.description == "evil.example:443")
        #expect(head.minorVersion == 0)
        #expect(newer.minorVersion == 1)
    }

    @Test(arguments: valid)
    func `every prefix of a valid head is incomplete`(_ text: String) {
        let bytes = Array(text.utf8)
        for count in bytes.indices {
            #expect(outcome(Array(bytes[..<count])) == .incomplete)
        }
    }

    @Test(arguments: valid + Faults.heads.map(\.0))
    func `any split gives the same outcome`(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = outcome(bytes)
        for step in [1, 2, 3, 5, 7, 11, 64] {
            #expect(outcome(bytes, step: step) == whole, "in steps of \(step)")
        }
        for first in bytes.indices {
            var parser = HeadParser()
            let early = parser.parse(bytes.span.extracting(0..<first))
            if early != .incomplete { #expect(early == whole) }
            #expect(parser.parse(bytes.span) == whole)
            #expect(parser.parse(bytes.span) == whole)
        }
    }

    @Test(arguments: Faults.heads)
    func `a faulty head is refused for its own reason`(_ text: String, _ refusal: Refusal) {
        #expect(outcome(text) == .refused(refusal))
        #expect(outcome(text + "\r\nPOST / HTTP/1.1\r\n\r\n") == .refused(refusal))
    }

    @Test(
        arguments: [
            [0x16, 0x03, 0x01, 0x02, 0x00], [0x05, 0x01, 0x00], [0x04, 0x01, 0x01, 0xbb], [0x16],
            [0x80, 0x2e, 0x01, 0x00, 0x02],
        ] as [[UInt8]]
    )
    func `TLS and SOCKS are told at once that this is plain HTTP`(_ bytes: [UInt8]) {
        #expect(outcome(bytes) == .refused(.notPlainHTTP))
    }

    @Test func `octets above ASCII stand in field values only`() {
        let start = Array("CONNECT a.b:1 HTTP/1.1\r\nHost: a.b\r\n".utf8)
        let end = Array("\r\n\r\n".utf8)
        for byte in UInt8(0x80)...0xff {
            let value = start + Array("X: ".utf8) + [byte] + end
            guard case .complete = outcome(value) else {
                Issue.record("\(byte) is refused: \(outcome(value))")
                continue
            }
            #expect(outcome(start + [0x58, byte, 0x3a] + end) == .refused(.malformedField))
        }
    }

    @Test func `control characters other than tab are refused everywhere`() {
        for byte in Array(UInt8(0)..<0x20) + [0x7f] where ![0x09, 0x0a, 0x0d].contains(byte) {
            for text in [
                "CONNECT a.b:1", "CONNECT a.b:1 HTTP/1.1\r\nHost: a.b\r\nX: y", "\r\n", "C",
            ] {
                let bytes = Array(text.utf8) + [byte]
                #expect(outcome(bytes) == .refused(.controlCharacter))
            }
        }
    }
}

@Suite struct HeadLimitsTests {
    static func head(fields: [String]) -> String {
        "CONNECT a.b:1 HTTP/1.1\r\nHost: a.b\r\n"
            + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    static func isComplete(_ outcome: HeadOutcome) -> Bool {
        if case .complete = outcome { true } else { false }
    }

    @Test func `the limits have their defaults`() {
        let limits = HeadLimits()
        #expect(limits.lineBytesMax == 8192)
        #expect(limits.headBytesMax == 16384)
        #expect(limits.fieldsMax == 100)
    }

    @Test func `a line may have as many bytes as the limit and no more`() {
        let longest = "X:" + String(repeating: "y", count: 8190)
        #expect(Self.isComplete(outcome(Self.head(fields: [longest]))))
        let tooLong = Self.head(fields: [longest + "y"])
        #expect(outcome(tooLong) == .refused(.fieldLineTooLong))
        #expect(outcome(Array(tooLong.utf8), step: 1) == .refused(.fieldLineTooLong))
    }

    @Test func `an overlong line is refused before it ends`() {
        let target = "CONNECT " + String(repeating: "a", count: 8185)
        #expect(outcome(target) == .refused(.requestLineTooLong))
        #expect(outcome(String(target.dropLast())) == .incomplete)
        let field = "CONNECT a.b:1 HTTP/1.1\r\n" + String(repeating: "a", count: 8193)
        #expect(outcome(field) == .refused(.fieldLineTooLong))
    }

    @Test func `as many fields as the limit and no more`() {
        let fields = [String](repeating: "X: y", count: 99)
        #expect(Self.isComplete(outcome(Self.head(fields: fields))))
        #expect(outcome(Self.head(fields: fields + ["X: y"])) == .refused(.tooManyFields))
        let bomb = [String](repeating: "a:", count: 10_000)
        #expect(outcome(Self.head(fields: bomb)) == .refused(.tooManyFields))
    }

    @Test func `a head may have as many bytes as the limit and no more`() {
        let padding = 16384 - Self.head(fields: ["X:", "Y:"]).utf8.count
        let first = "X:" + String(repeating: "y", count: 8190)
        let second = "Y:" + String(repeating: "y", count: padding - 8190)
        let largest = Self.head(fields: [first, second])
        #expect(largest.utf8.count == 16384)
        #expect(Self.isComplete(outcome(largest + "tail")))
        #expect(outcome(String(largest.utf8.dropLast())!) == .incomplete)
        let tooLarge = Array(Self.head(fields: [first, second + "y"]).utf8)
        #expect(outcome(tooLarge) == .refused(.headTooLarge))
        #expect(outcome(tooLarge, step: 1) == .refused(.headTooLarge))
        #expect(outcome(Array(tooLarge[..<16384])) == .refused(.headTooLarge))
    }

    @Test(arguments: 1...80)
    func `any limit gives the same outcome for any split`(_ limit: Int) {
        for text in HeadParserTests.valid + Faults.heads.map(\.0) {
            let bytes = Array(text.utf8)
            let head = HeadLimits(headBytesMax: limit)
            #expect(outcome(bytes, step: 1, limits: head) == outcome(bytes, limits: head))
            let line = HeadLimits(lineBytesMax: limit, fieldsMax: 1)
            #expect(outcome(bytes, step: 1, limits: line) == outcome(bytes, limits: line))
        }
    }
}

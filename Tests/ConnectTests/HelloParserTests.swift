import Connect
import Internet
import Testing

/// Parses the first bytes of a tunnel, given at once.
private func outcome(hello bytes: [UInt8]) -> HelloOutcome {
    var parser = HelloParser()
    return parser.parse(bytes.span)
}

/// Parses them byte by byte, up to the first outcome.
private func outcomeByByte(_ bytes: [UInt8]) -> HelloOutcome {
    var parser = HelloParser()
    for count in 0..<bytes.count {
        let outcome = parser.parse(bytes.span.extracting(0..<count))
        guard outcome == .incomplete else { return outcome }
    }
    return parser.parse(bytes.span)
}

@Suite struct HelloParserTests {
    private static func expected(_ hello: Hello.Captured) -> HelloOutcome {
        .complete(
            ClientHello(
                serverName: Name("tls.example"),
                isEncrypted: hello.isEncrypted,
                byteCount: hello.bytes.count
            )
        )
    }

    // MARK: Real clients

    @Test(arguments: Hello.captured)
    func `the hello of a client is read, and what follows is not part of it`(
        _ hello: Hello.Captured
    ) {
        #expect(hello.bytes.count > 300)
        for tail: [UInt8] in [[], [20, 3, 3, 0, 1, 1], [23, 3, 3, 0, 1, 9], Array("junk".utf8)] {
            #expect(outcome(hello: hello.bytes + tail) == Self.expected(hello))
        }
    }

    @Test func `three of the clients send more than a segment`() {
        #expect(Hello.captured.count { $0.bytes.count > 1500 } == 3)
    }

    @Test(arguments: Hello.captured)
    func `a hello is complete at its last byte however it is split`(_ hello: Hello.Captured) {
        for split in 0..<hello.bytes.count {
            var parser = HelloParser()
            let start = hello.bytes.span.extracting(0..<split)
            #expect(parser.parse(start) == .incomplete)
            #expect(parser.parse(hello.bytes.span) == Self.expected(hello))
        }
        #expect(outcomeByByte(hello.bytes) == Self.expected(hello))
    }

    @Test(arguments: Hello.captured)
    func `a hello may be spread over records of any size`(_ hello: Hello.Captured) {
        let message = Hello.message(in: hello.bytes)
        for size in 1...message.count {
            let bytes = Hello.records(message, of: size)
            guard case .complete(let read) = outcome(hello: bytes) else {
                Issue.record("not complete in records of \(size)")
                continue
            }
            #expect(read.serverName == Name("tls.example"))
            #expect(read.byteCount == bytes.count)
            if size % 97 == 1 { #expect(outcomeByByte(bytes) == .complete(read)) }
        }
    }

    @Test(arguments: Hello.captured)
    func `a changed hello is judged as a simple reader judges it`(_ hello: Hello.Captured) {
        var random = SplitMix(state: UInt64(hello.bytes.count))
        for _ in 0..<20_000 {
            var bytes = hello.bytes
            for _ in 0...Int.random(in: 0..<2, using: &random) {
                // The lengths stand in front and between the extensions.
                let place = Int.random(in: 0..<min(bytes.count, 700), using: &random)
                let change = UInt8.random(in: 0...255, using: &random)
                bytes[place] = Bool.random(using: &random) ? change : bytes[place] ^ (change & 3)
            }
            let naive = NaiveHello(bytes)
            switch outcome(hello: bytes) {
            case .complete(let read):
                #expect(naive != nil && read.byteCount == bytes.count)
                #expect(read.serverName == naive?.name && read.isEncrypted == naive?.isEncrypted)
            case .incomplete, .refused: #expect(naive == nil)
            }
        }
    }

    // MARK: Other bytes

    static let others: [([UInt8], HelloFault)] = [
        (Array("SSH-2.0-OpenSSH_9.2p1\r\n".utf8), .notHandshake),
        (Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), .notHandshake),
        (Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8), .notHandshake),
        (Array("EHLO a.example\r\n".utf8), .notHandshake),
        // SSL 2 (RFC 5246 appendix E.2), an alert, application data, a ServerHello.
        ([0x80, 46, 1, 3, 1, 0, 21, 0, 0, 0, 16], .notHandshake),
        ([21, 3, 1, 0, 2, 2, 40], .notHandshake),
        ([23, 3, 3, 0, 1, 0], .notHandshake),
        ([22, 3, 3, 0, 4, 2, 0, 0, 0], .notClientHello),
        ([22, 3, 3, 0, 4, 0, 0, 0, 0], .notClientHello),
        ([22, 2, 0, 0, 4], .recordVersion),
        ([22, 0xfe, 0xff, 0, 0], .recordVersion),
        ([22, 3, 1, 0, 0], .recordLength),
        ([22, 3, 1, 0x40, 1], .recordLength),
        ([22, 3, 1, 0xff, 0xff], .recordLength),
        ([22, 3, 1, 0, 1, 1, 22, 3, 1, 0, 0], .recordLength),
        // A record, then junk, or an alert.
        ([22, 3, 1, 0, 1, 1] + Array("junk".utf8), .notHandshake),
        ([22, 3, 1, 0, 1, 1, 21, 3, 1, 0, 2, 2, 40], .notHandshake),
        ([22, 3, 1, 0, 4, 1, 0, 0, 0], .length),
        ([22, 3, 1, 0, 4, 1, 0, 0, 1], .length),
    ]

    @Test(arguments: others)
    func `what is not a hello is refused at the first byte that shows it`(
        _ bytes: [UInt8],
        _ fault: HelloFault
    ) {
        #expect(outcome(hello: bytes) == .refused(fault))
        #expect(outcomeByByte(bytes) == .refused(fault))
        #expect(outcome(hello: bytes + Hello.captured[0].bytes) == .refused(fault))
    }

    @Test func `another protocol shows in its first byte`() {
        for byte in UInt8.min...UInt8.max where byte != 22 {
            #expect(outcome(hello: [byte]) == .refused(.notHandshake))
        }
        #expect(outcome(hello: []) == .incomplete)
        #expect(outcome(hello: [22]) == .incomplete)
    }

    @Test func `random bytes behind the header of a record are no hello`() {
        var random = SplitMix(state: 5)
        for _ in 0..<20_000 {
            let junk = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
            let bytes = [22, 3, 1, 0, 196, 1, 0, 0, 192] + junk
            guard case .complete = outcome(hello: bytes) else { continue }
            #expect(NaiveHello(Array(bytes.prefix(201))) != nil)
        }
    }

    // MARK: Made hellos

    static let valid: [([UInt8], String?)] = [
        (Hello.message(extensions: nil), nil),
        (Hello.message(version: [3, 1], extensions: nil), nil),
        (Hello.message(version: [3, 2], session: [UInt8](repeating: 1, count: 32)), nil),
        (Hello.message(version: [3, 4], methods: [1, 0], extensions: []), nil),
        (Hello.message(extensions: [[0, 23, 0, 0]]), nil),
        (Hello.message(extensions: [Hello.serverName("a.example")]), "a.example"),
        (Hello.message(extensions: [[0, 23, 0, 0], Hello.serverName("A.Example.")]), "a.example"),
        (Hello.message(extensions: [Hello.serverName("localhost"), [1, 1, 0, 0]]), "localhost"),
    ]

    @Test(arguments: valid)
    func `an old or bare hello is one too`(_ message: [UInt8], _ name: String?) {
        for size in [1, 2, 3, 7, 16384] {
            let bytes = Hello.records(message, of: size)
            guard case .complete(let hello) = outcomeByByte(bytes) else {
                Issue.record("not complete: \(outcomeByByte(bytes))")
                return
            }
            #expect(hello.serverName == name.flatMap { Name($0) })
            #expect(!hello.isEncrypted && hello.byteCount == bytes.count)
        }
    }

    private static let longName = Array(String(repeating: "a.", count: 127).utf8)

    static let invalid: [([UInt8], HelloFault)] = [
        (Hello.message(version: [3, 0]), .version),
        (Hello.message(version: [2, 3]), .version),
        (Hello.message(version: [4, 0]), .version),
        (Hello.message(session: [UInt8](repeating: 1, count: 33)), .length),
        (Hello.message(suites: []), .length),
        (Hello.message(suites: [1]), .length),
        (Hello.message(methods: []), .compression),
        (Hello.message(methods: [1]), .compression),
        (Hello.message(extensions: nil, tail: [0]), .length),
        (Hello.message(extensions: [], tail: [0]), .length),
        (Hello.message(extensions: [[0]]), .length),
        (Hello.message(extensions: [[0, 23, 0, 1]]), .length),
        (Hello.message(extensions: [[0, 0, 0, 0]]), .length),
        (Hello.message(extensions: [[0, 0, 0, 2, 0, 0]]), .length),
        (Hello.message(extensions: [[0, 0, 0, 5, 0, 4, 0, 0, 1, 97]]), .length),
        (Hello.message(extensions: [[0, 0, 0, 6, 0, 3, 0, 0, 1, 97]]), .length),
        (Hello.message(extensions: [[0, 0, 0, 6, 0, 4, 0, 0, 2, 97]]), .length),
        (Hello.message(extensions: [Hello.serverName("")]), .serverName),
        (Hello.message(extensions: [Hello.serverName([[97], [98]])]), .serverName),
        (Hello.message(extensions: [Hello.serverName([[97]], type: 1)]), .serverName),
        (Hello.message(extensions: [Hello.serverName("a"), Hello.serverName("a")]), .serverName),
        (Hello.message(extensions: [Hello.serverName("127.0.0.1")]), .serverName),
        (Hello.message(extensions: [Hello.serverName("2130706433")]), .serverName),
        (Hello.message(extensions: [Hello.serverName("::1")]), .serverName),
        (Hello.message(extensions: [Hello.serverName("a..b")]), .serverName),
        (Hello.message(extensions: [Hello.serverName("a..")]), .serverName),
        (Hello.message(extensions: [Hello.serverName("a b")]), .serverName),
        (Hello.message(extensions: [Hello.serverName("a\u{0}.b")]), .serverName),
        (Hello.message(extensions: [Hello.serverName("é.example")]), .serverName),
        (Hello.message(extensions: [Hello.serverName([longName + [97, 46]])]), .serverName),
        (Hello.message(extensions: [Hello.encrypted(), Hello.encrypted()]), .encryptedHello),
        (Hello.message(extensions: [Hello.encrypted(type: 1)]), .encryptedHello),
        (Hello.message(extensions: [Hello.encrypted(tail: [0])]), .length),
        (Hello.message(extensions: [[0xfe, 0x0d, 0, 0]]), .length),
    ]

    @Test(arguments: invalid)
    func `a hello with a fault is refused for it`(_ message: [UInt8], _ fault: HelloFault) {
        for size in [1, 5, 16384] {
            let bytes = Hello.records(message, of: size)
            #expect(outcome(hello: bytes) == .refused(fault))
            #expect(outcomeByByte(bytes) == .refused(fault))
        }
    }

    @Test func `the longest name is read and an encrypted hello is noticed`() {
        let extensions = [Hello.encrypted(), Hello.serverName([Self.longName])]
        let bytes = Hello.records(Hello.message(extensions: extensions), of: 50)
        guard case .complete(let hello) = outcome(hello: bytes) else {
            Issue.record("not complete: \(outcome(hello: bytes))")
            return
        }
        #expect(hello.isEncrypted && hello.serverName?.count == 253)
    }

    @Test func `nothing may stand behind the hello in its record`() {
        let message = Hello.message()
        #expect(outcome(hello: Hello.records(message + [0])) == .refused(.trailingBytes))
        #expect(outcome(hello: Hello.records(message + message)) == .refused(.trailingBytes))
        let halves = Hello.records(message + [0], of: message.count / 2 + 1)
        #expect(outcome(hello: halves) == .refused(.trailingBytes))
    }

    @Test func `a hello has 16 KiB at most with the headers of its records`() {
        func padded(_ count: Int) -> [UInt8] {
            let empty = Hello.message(extensions: [[0, 21, 0, 0]]).count
            let padding = [UInt8](repeating: 0, count: count - empty)
            return Hello.message(extensions: [[0, 21] + Hello.vector(padding, 2)])
        }
        let longest = Hello.records(padded(16379))
        #expect(longest.count == HelloParser.byteCountMax)
        guard case .complete = outcome(hello: longest) else {
            Issue.record("not complete: \(outcome(hello: longest))")
            return
        }
        let tooLong = Hello.records(padded(16380))
        #expect(outcome(hello: tooLong) == .refused(.tooLong))
        #expect(outcome(hello: Array(tooLong.prefix(10))) == .refused(.tooLong))
        // In two records it has five bytes more.
        #expect(outcome(hello: Hello.records(padded(16379), of: 16000)) == .refused(.tooLong))
        #expect(outcome(hello: Hello.records(padded(3000), of: 1)) == .refused(.tooLong))
        #expect(outcome(hello: [22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff, 3]) == .refused(.tooLong))
    }
}

/// A seeded generator, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}

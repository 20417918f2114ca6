import Connect
import Testing

@Suite struct BodyReaderTests {
    /// What came of a body: its content and how many bytes it took, or its fault.
    private struct Outcome: Equatable {
        var content = ""
        var byteCount = 0
        var isAtEnd = false
        var fault: Refusal?
    }

    private static func outcome(
        _ text: String,
        _ framing: BodyFraming = .chunked,
        limit: UInt64 = .max,
        step: Int = .max
    ) -> Outcome {
        let bytes = Array(text.utf8)
        var outcome = Outcome()
        do throws(Refusal) {
            var reader = try BodyReader(framing, limit: limit)
            var end = 0
            repeat {
                end = step > bytes.count - end ? bytes.count : end + step
                try read(&reader, Array(bytes[..<end]), &outcome)
            } while end < bytes.count && !outcome.isAtEnd
            #expect(reader.isAtEnd == outcome.isAtEnd)
        } catch {
            outcome.fault = error
        }
        return outcome
    }

    private static func read(
        _ reader: inout BodyReader,
        _ bytes: [UInt8],
        _ outcome: inout Outcome
    ) throws(Refusal) {
        while true {
            switch try reader.next(bytes.span, &outcome.byteCount) {
            case .none: return
            case .content(let range):
                outcome.content += String(decoding: bytes[range], as: UTF8.self)
            case .end:
                outcome.isAtEnd = true
                return
            }
        }
    }

    private static let steps = [1, 2, 3, 5, .max]

    @Test(
        arguments: [
            ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("0\r\n\r\n", ""),
            ("a\r\n0123456789\r\n1\r\nx\r\n000\r\n\r\n", "0123456789x"),
            ("00000000000000A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
            ("2;a=b;c=\"d;e\"\r\nhi\r\n0 ; x\r\nT: y\r\nU:\r\n\r\n", "hi"),
            ("2\t;\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        ]
    )
    func `chunks are put together, however they are split`(_ text: String, _ content: String) {
        let expected = Outcome(content: content, byteCount: text.utf8.count, isAtEnd: true)
        for step in Self.steps {
            #expect(Self.outcome(text + "GET / HTTP/1.1\r\n", step: step) == expected)
        }
    }

    /// RFC 9112 section 7.1, and what has been smuggled past it.
    @Test(
        arguments: [
            ("\r\n", .malformedChunk), ("x\r\n", .malformedChunk), ("-1\r\n", .malformedChunk),
            ("+1\r\n", .malformedChunk), ("0x1\r\n", .malformedChunk), (" 1\r\n", .malformedChunk),
            ("1 \r\nx", .malformedChunk), ("1\nx", .malformedChunk), ("1;\nx", .malformedChunk),
            ("1;a\u{0}", .malformedChunk), ("1\rx", .malformedChunk), ("1 x", .malformedChunk),
            ("1\r\nxy", .malformedChunk), ("1\r\nx\n", .malformedChunk),
            ("1\r\nx\r\r", .malformedChunk), ("0\r\n\n", .malformedChunk),
            ("0\r\n X: y", .malformedChunk), ("0\r\nX: \u{0}", .malformedChunk),
            ("0\r\nX: y\n", .malformedChunk), ("0\r\n: y", .malformedChunk),
            ("10000000000000000\r\n", .malformedChunk), ("fffffffffffffffff\r\n", .malformedChunk),
            ("00000000000000001\r\n", .malformedChunk),
        ] as [(String, Refusal)]
    )
    func `malformed chunks are refused`(_ text: String, _ fault: Refusal) {
        for step in Self.steps { #expect(Self.outcome(text, step: step).fault == fault) }
    }

    @Test(arguments: ["ffffffffffffffff\r\n", "7fffffffffffffff\r\n", "65\r\n", "64\r\nx"])
    func `a size beyond the limit is refused before its content`(_ text: String) {
        let outcome = Self.outcome(text, limit: text.hasPrefix("64") ? 99 : 100)
        #expect(outcome.fault == .bodyTooLarge && outcome.content.isEmpty)
    }

    @Test func `the limit counts all chunks together`() {
        #expect(Self.outcome("5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n", limit: 10).fault == nil)
        #expect(Self.outcome("5\r\nhello\r\n6\r\n", limit: 10).fault == .bodyTooLarge)
        #expect(Self.outcome("5\r\nhello\r\nffffffffffffffff\r\n").fault == .bodyTooLarge)
    }

    @Test func `extensions and trailers are bounded`() {
        let many = String(repeating: "y", count: BodyReader.extraMax + 1)
        #expect(Self.outcome("1;" + many).fault == .bodyTooLarge)
        #expect(Self.outcome("0\r\nX: " + many).fault == .bodyTooLarge)
    }

    @Test(arguments: [
        "X y", "GET / HTTP/1.1", "X", ":", ": y", "X : y", "X\t: y", "(X): y", " X: y", "\u{7f}: y",
    ])
    func `what is no field is no trailer`(line: String) {
        for step in Self.steps {
            #expect(Self.outcome("0\r\n\(line)\r\n\r\n", step: step).fault == .malformedChunk)
            let second = Self.outcome("0\r\nX: y\r\n\(line)\r\n\r\n", step: step)
            #expect(second.fault == .malformedChunk)
        }
        #expect(Self.outcome("0\r\nX: y\r\nX:\r\nY: a:b (c)\r\n\r\n").isAtEnd)
    }

    @Test func `a length is read to its end and no further`() {
        for step in Self.steps {
            let outcome = Self.outcome("helloGET", .length(5), step: step)
            #expect(outcome == Outcome(content: "hello", byteCount: 5, isAtEnd: true))
        }
        #expect(Self.outcome("GET", .length(0)) == Outcome(isAtEnd: true))
        #expect(!Self.outcome("hell", .length(5)).isAtEnd)
        #expect(Self.outcome("", .length(6), limit: 5).fault == .bodyTooLarge)
    }

    @Test func `a body until the close has no end of its own`() throws {
        let outcome = Self.outcome("hello", .untilClose, step: 2)
        #expect(outcome == Outcome(content: "hello", byteCount: 5))
        #expect(try BodyReader(.untilClose).mayEndByClose)
        #expect(try !BodyReader(.length(1)).mayEndByClose)
        #expect(Self.outcome("hello", .untilClose, limit: 4).fault == .bodyTooLarge)
    }
}

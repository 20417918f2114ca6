/// Reads the head of the answer to a CONNECT, as it comes, and keeps nothing but what counts: the
/// status, and the error word of a Proxy-Status field (RFC 9209).
///
/// Interim answers (RFC 9110, 15.2) are passed over; that of a change of protocol, 101, is none.
package struct AnswerReader: Sendable {
    /// How far the head has come.
    package enum Progress: Equatable, Sendable {
        /// More is to come.
        case incomplete
        /// The head has ended; so many bytes of what was given belong to it.
        case complete(Int)
        /// This is no answer.
        case malformed
    }

    private enum Part: UInt8 {
        case version, status, reason, name, proxyStatus, word, ended
    }

    /// Bytes of a head and the interim ones before it, at most.
    package static var byteMax: Int { 16384 }
    private static var wordMax: Int { 32 }

    /// The status; 0 before it has come.
    package private(set) var status: UInt16 = 0
    private var part = Part.version
    /// Octets of the present line, and of what is looked for in it.
    private var column: UInt16 = 0
    private var matched: UInt8 = 0
    private var byteCount: UInt16 = 0
    private var wordCount: UInt8 = 0
    private var letters = InlineArray<32, UInt8>(repeating: 0)

    /// A reader that has seen nothing.
    package init() {}

    /// The error word of Proxy-Status; empty if there was none.
    package var word: String {
        String(decoding: (0..<Int(wordCount)).map { letters[$0] }, as: UTF8.self)
    }

    /// Reads on.
    package mutating func read(_ bytes: Span<UInt8>) -> Progress {
        for index in bytes.indices {
            guard read(bytes[index]) else { return .malformed }
            guard part == .ended else { continue }
            guard isInterim else { return .complete(index + 1) }
            beginNext()
        }
        return .incomplete
    }

    private var isInterim: Bool { (100...199).contains(status) && status != 101 }

    /// The next answer follows.
    private mutating func beginNext() {
        part = .version
        status = 0
        wordCount = 0
    }

    /// Takes one octet; false if it can't stand there.
    private mutating func read(_ byte: UInt8) -> Bool {
        byteCount += 1
        guard byteCount <= AnswerReader.byteMax else { return false }
        if byte == UInt8(ascii: "\n") { return endLine() }
        if byte == UInt8(ascii: "\r") { return true }
        column += 1
        switch part {
        case .version: return readVersion(byte)
        case .status: return readStatus(byte)
        case .name: match(byte | 0x20, "proxy-status:", next: .proxyStatus, failure: .reason)
        case .proxyStatus: match(byte, "error=", next: .word, failure: .proxyStatus)
        case .word: readWord(byte)
        case .reason, .ended: break
        }
        return true
    }

    private mutating func endLine() -> Bool {
        guard part != .version, part != .status || column == 12 else { return false }
        part = column == 0 ? .ended : .name
        column = 0
        matched = 0
        return true
    }

    private mutating func readVersion(_ byte: UInt8) -> Bool {
        let version = "HTTP/1.1 ".utf8.span
        let index = Int(column) - 1
        guard byte == version[index] || (index == 7 && byte == UInt8(ascii: "0")) else {
            return false
        }
        if index == version.count - 1 { part = .status }
        return true
    }

    private mutating func readStatus(_ byte: UInt8) -> Bool {
        if column == 13 {
            part = .reason
            return byte == UInt8(ascii: " ")
        }
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return false }
        status = status * 10 + UInt16(byte - UInt8(ascii: "0"))
        return true
    }

    private mutating func match(_ byte: UInt8, _ text: String, next: Part, failure: Part) {
        let wanted = text.utf8.span
        guard byte == wanted[Int(matched)] else {
            part = failure
            matched = byte == wanted[0] && failure == .proxyStatus ? 1 : 0
            return
        }
        matched += 1
        guard Int(matched) == wanted.count else { return }
        part = next
        matched = 0
        if next == .word { wordCount = 0 }
    }

    private mutating func readWord(_ byte: UInt8) {
        let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        guard isLetter || byte == UInt8(ascii: "_"), Int(wordCount) < AnswerReader.wordMax else {
            part = .reason
            return
        }
        letters[Int(wordCount)] = byte
        wordCount += 1
    }
}

/// Finds the lines of a head in bytes that arrive in pieces; each byte is looked at once.
struct LineScanner: Sendable {
    private var lineStart = 0
    /// Bytes that have been looked at, all those of whole lines included.
    private(set) var scanned = 0

    /// The next line without its CR LF; none if it hasn't ended yet, and still may within `limits`.
    ///
    /// - Parameters:
    ///   - bytes: All bytes so far.
    ///   - limits: How large the head may be.
    ///   - isFirst: Whether it is the line that begins the head.
    /// - Returns: Where the line stands.
    /// - Throws: What is wrong with the bytes, whatever the line says.
    mutating func next(
        _ bytes: Span<UInt8>,
        _ limits: HeadLimits,
        isFirst: Bool
    ) throws(Refusal) -> Range<Int>? {
        if scanned == 0, !bytes.isEmpty, Self.beginsOtherProtocol(bytes[0]) { throw .notPlainHTTP }
        let end = min(bytes.count, limits.headBytesMax)
        let lineEnd = lineStart + limits.lineBytesMax
        var index = scanned
        while index < end {
            let byte = bytes[index]
            if byte == Octet.carriageReturn {
                scanned = index
                guard index + 1 < limits.headBytesMax else { throw .headTooLarge }
                guard index + 1 < bytes.count else { return nil }
                guard bytes[index + 1] == Octet.lineFeed else { throw .malformedLineEnd }
                let line = lineStart..<index
                scanned += 2
                lineStart = scanned
                return line
            }
            guard index < lineEnd else {
                throw isFirst ? .requestLineTooLong : .fieldLineTooLong
            }
            if byte < Octet.space || byte == Octet.delete {
                guard byte != Octet.lineFeed else { throw .malformedLineEnd }
                guard byte == Octet.tab else { throw .controlCharacter }
            }
            index += 1
        }
        guard bytes.count < limits.headBytesMax else { throw .headTooLarge }
        scanned = index
        return nil
    }

    /// Whether a connection that begins with `byte` speaks TLS, SOCKS or other binary.
    private static func beginsOtherProtocol(_ byte: UInt8) -> Bool {
        byte == 0x16 || byte == 0x04 || byte == 0x05 || byte >= 0x80
    }
}

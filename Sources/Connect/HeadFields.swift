public import Internet

/// The fields of a whole head, be it of a request or of a response.
public enum HeadFields {
    /// Calls `body` with the place of each value of the field `lowercase`, without the blanks
    /// around it; `bytes` are a head that a parser has found whole.
    public static func forEach(
        _ lowercase: String,
        in bytes: Span<UInt8>,
        _ body: (Range<Int>) -> Void
    ) {
        var start = 0
        var isFirst = true
        while let end = lineEnd(bytes, from: start) {
            let line = start..<end
            start = end + 2
            // Empty lines may stand in front of a request; the one behind the fields ends all.
            if line.isEmpty, isFirst { continue }
            if line.isEmpty { return }
            defer { isFirst = false }
            guard !isFirst, let field = try? FieldLine(bytes, line) else { continue }
            if field.isNamed(bytes, lowercase) { body(field.value) }
        }
    }

    /// Whether a value of the field `lowercase` holds `text`, letter by letter.
    public static func have(_ text: String, in lowercase: String, _ bytes: Span<UInt8>) -> Bool {
        let wanted = text.utf8.span
        var isThere = false
        forEach(lowercase, in: bytes) { value in
            guard value.count >= wanted.count else { return }
            let starts = value.lowerBound...value.upperBound - wanted.count
            isThere = isThere || starts.contains { holds(bytes, at: $0, wanted) }
        }
        return isThere
    }

    private static func holds(_ bytes: Span<UInt8>, at start: Int, _ wanted: Span<UInt8>) -> Bool {
        for index in wanted.indices where bytes[start + index] != wanted[index] { return false }
        return true
    }

    /// Whether others may follow the values of the field `lowercase` in a list: all are printable
    /// ASCII, and none of them leaves a string open (RFC 9651 section 3.3.3).
    public static func mayBeListed(_ lowercase: String, in bytes: Span<UInt8>) -> Bool {
        var mayBe = true
        forEach(lowercase, in: bytes) { value in
            var isInString = false
            var isEscaped = false
            for index in value {
                guard (0x20...0x7e).contains(bytes[index]) else { return mayBe = false }
                if isEscaped {
                    isEscaped = false
                } else if bytes[index] == UInt8(ascii: "\"") {
                    isInString.toggle()
                } else if bytes[index] == UInt8(ascii: "\\") {
                    isEscaped = isInString
                }
            }
            if isInString { mayBe = false }
        }
        return mayBe
    }

    /// Writes all values of the field `lowercase` as one list, up to `countMax` bytes; whether that
    /// was all.
    public static func write(
        _ lowercase: String,
        of bytes: Span<UInt8>,
        countMax: Int,
        to sink: inout some ByteSink
    ) -> Bool {
        var count = 0
        forEach(lowercase, in: bytes) { value in
            guard !value.isEmpty else { return }
            let separator = count > 0 ? ", " : ""
            count += separator.utf8.count + value.count
            guard count <= countMax else { return }
            sink.append(separator)
            for index in value { sink.append(bytes[index]) }
        }
        return count <= countMax
    }

    private static func lineEnd(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == Octet.carriageReturn { return index }
            index += 1
        }
        return nil
    }
}

/// What the field lines of a head must satisfy, and what has been seen of them so far.
struct FieldRules {
    private var count = 0
    private var hasHost = false
    private var hasContentLength = false
    /// Where the value of Proxy-Authorization stands, if there is one.
    private(set) var credentials: Range<Int>?

    /// Judges one field line, which is free of control characters but for tabs, of a request whose
    /// authority stands at `target`.
    mutating func read(
        _ bytes: Span<UInt8>,
        _ line: Range<Int>,
        target: Range<Int>,
        countMax: Int
    ) throws(Refusal) {
        count += 1
        guard count <= countMax else { throw .tooManyFields }
        let field = try FieldLine(bytes, line)
        let value = field.value
        if field.isNamed(bytes, "host") {
            guard !hasHost else { throw .repeatedHost }
            guard
                FieldLine.isHost(bytes, value)
                    || FieldLine.isUnbracketed(bytes, value, of: target)
            else { throw .malformedHost }
            hasHost = true
        } else if field.isNamed(bytes, "content-length") {
            guard !hasContentLength, value.count == 1,
                bytes[value.lowerBound] == UInt8(ascii: "0")
            else { throw .contentLength }
            hasContentLength = true
        } else if field.isNamed(bytes, "proxy-authorization") {
            guard credentials == nil else { throw .repeatedCredentials }
            credentials = value
        } else if field.isNamed(bytes, "transfer-encoding") {
            throw .transferEncoding
        }
    }

    /// Judges what is missing when the fields have ended.
    func finish(minorVersion: UInt8) throws(Refusal) {
        guard hasHost || minorVersion == 0 else { throw .missingHost }
    }
}

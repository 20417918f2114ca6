public import Internet

/// A CONNECT to another proxy, and the answer that passes its refusal on.
public enum ParentRequest {
    /// Bytes of Via that are passed on; more of them come only from going round in circles.
    public static var viaBytesMax: Int { 1024 }
    /// Bytes of credentials, as they are sent.
    public static var authorizationBytesMax: Int { 1024 }
    /// Bytes of Proxy-Status that are passed on.
    public static var statusBytesMax: Int { 768 }
    /// Bytes of a request, at most.
    public static var byteCountMax: Int { 4096 }

    /// Writes the head of a request for `authority`.
    ///
    /// - Parameters:
    ///   - authority: Whom the other proxy is to connect to.
    ///   - head: The whole head that our client has sent; its Via is passed on (RFC 9110 section
    ///     7.6.3), whatever its Connection says: without it no circle would be noticed.
    ///   - minorVersion: The digit after `HTTP/1.` in it, for our own part of Via.
    ///   - pseudonym: What we are called there.
    ///   - authorization: The value of Proxy-Authorization; none if it is empty.
    ///   - sink: Where to; it is given up to `byteCountMax` bytes.
    /// - Returns: Whether Via wasn't too long to be passed on.
    public static func write(
        _ authority: Authority,
        head: Span<UInt8>,
        minorVersion: UInt8,
        pseudonym: String,
        authorization: [UInt8],
        to sink: inout some ByteSink
    ) -> Bool {
        sink.append("CONNECT ")
        authority.write(to: &sink)
        sink.append(" HTTP/1.1\r\nHost: ")
        authority.write(to: &sink)
        sink.append("\r\n")
        var isGood = true
        if isNamed("via", in: head) {
            sink.append("Via: ")
            isGood = HeadFields.write("via", of: head, countMax: viaBytesMax, to: &sink)
            sink.append("\r\n")
        }
        sink.append("Via: 1.")
        sink.append(decimal: UInt(minorVersion))
        sink.append(" ")
        sink.append(pseudonym)
        sink.append("\r\n")
        if !authorization.isEmpty {
            sink.append("Proxy-Authorization: ")
            for byte in authorization { sink.append(byte) }
            sink.append("\r\n")
        }
        sink.append("\r\n")
        return isGood
    }

    private static func isNamed(_ name: String, in head: Span<UInt8>) -> Bool {
        var isThere = false
        HeadFields.forEach(name, in: head) { isThere = isThere || !$0.isEmpty }
        return isThere
    }
}

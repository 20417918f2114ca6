/// A user and a password for the proxy, as a field of the head of a CONNECT (RFC 7617).
package struct Credentials: Equatable, Sendable {
    /// The field with its end of line.
    let field: String

    /// The credentials in `text`; nil unless that is USER:PASSWORD without control characters.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.contains(UInt8(ascii: ":")), bytes.count <= Credentials.byteMax,
            !bytes.contains(where: { $0 < 0x20 || $0 == 0x7f })
        else { return nil }
        field = "Proxy-Authorization: Basic \(Credentials.base64(bytes))\r\n"
    }

    /// Bytes of a user and a password, at most.
    package static var byteMax: Int { 1024 }

    private static func base64(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = (0..<3).reduce(UInt32(0)) { bits, index in
                bits << 8 | (index < group.count ? UInt32(group[start + index]) : 0)
            }
            for place in 0...group.count {
                text.append(letters[Int(bits >> UInt32(18 - 6 * place)) & 63])
            }
            text += String(repeating: "=", count: 3 - group.count)
        }
        return text
    }
}

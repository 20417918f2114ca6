internal import Connect

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
        let value = String(decoding: BasicCredentials.encoded(bytes), as: UTF8.self)
        field = "Proxy-Authorization: \(value)\r\n"
    }

    /// Bytes of a user and a password, at most.
    package static var byteMax: Int { 1024 }
}

internal import Connect

/// Users and their password for the proxy, as fields of the head of a CONNECT (RFC 7617).
package struct Credentials: Equatable, Sendable {
    private let user: String
    private let password: String
    /// How many users there are: if more than one, each has a number behind the name, from 0 on.
    package var count = 1

    /// The credentials in `text`; nil unless that is USER:PASSWORD without control characters.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard let colon = text.firstIndex(of: ":"), bytes.count <= Credentials.byteMax,
            !bytes.contains(where: { $0 < 0x20 || $0 == 0x7f })
        else { return nil }
        user = String(text[..<colon])
        password = String(text[text.index(after: colon)...])
    }

    /// Bytes of a user and a password, at most.
    package static var byteMax: Int { 1024 }
    /// Users, at most.
    package static var countMax: Int { 100_000 }

    /// The field of each user, with its end of line.
    var fields: [String] { (0..<count).map(field) }

    /// The field of user `index`, with its end of line.
    func field(_ index: Int) -> String { field(index, password) }

    /// The field of the first user with a wrong password, which is another for each `number`.
    func guess(_ number: UInt64) -> String { field(0, "\(number)") }

    private func field(_ index: Int, _ password: String) -> String {
        let text = "\(user)\(count == 1 ? "" : "\(index)"):\(password)"
        let value = BasicCredentials.encoded(Array(text.utf8))
        return "Proxy-Authorization: \(String(decoding: value, as: UTF8.self))\r\n"
    }
}

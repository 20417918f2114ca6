import Foundation
import Testing

/// A ClientHello that a client has sent, which asks for tls.example.
struct ClientHello: CustomTestStringConvertible {
    static let captured = [
        "openssl-3.0", "openssl-3.5", "curl", "python", "gnutls", "java", "go", "chromium",
    ].map { ClientHello($0) }

    let client: String
    let bytes: [UInt8]

    var testDescription: String { client }

    /// The one that `client` has sent.
    init(_ client: String) {
        self.client = client
        let file = Program.repository.appending(path: "Tests/Fuzz/corpus/hello/\(client)")
        bytes = (try? Data(contentsOf: file)).map(Array.init) ?? []
    }
}

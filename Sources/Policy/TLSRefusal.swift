public import Connect

/// Why a tunnel ends that must be TLS.
///
/// The request has been answered by then, so the client learns of it only by the tunnel's end.
public enum TLSRefusal: Equatable, Sendable {
    /// The first bytes are no ClientHello.
    case notTLS(HelloFault)
    /// The client ended before its ClientHello had.
    case cutShort
    /// There is no server name.
    case nameMissing
    /// The server name is another one than that of the tunnel.
    case nameMismatch
    /// There is an encrypted ClientHello.
    case encryptedHello
    /// The ClientHello did not come in time.
    case timeout

    /// The reason in the journal, a literal.
    public var word: String {
        switch self {
        case .notTLS, .cutShort: "not-tls"
        case .nameMissing: "tls-sni-missing"
        case .nameMismatch: "tls-sni-mismatch"
        case .encryptedHello: "tls-ech-refused"
        case .timeout: "tls-hello-timeout"
        }
    }

    /// One plain sentence for the journal: a literal, printable ASCII, no quotes.
    public var detail: String {
        switch self {
        case .notTLS(let fault): Self.detail(fault)
        case .cutShort: "the client ended before its ClientHello had"
        case .nameMissing: "the ClientHello names no server"
        case .nameMismatch: "the ClientHello names another server than the request"
        case .encryptedHello: "the ClientHello holds an encrypted one"
        case .timeout: "the ClientHello did not come in time"
        }
    }

    private static func detail(_ fault: HelloFault) -> String {
        switch fault {
        case .notHandshake: "the first bytes are of another protocol than TLS"
        case .recordVersion: "the version of a TLS record is unknown"
        case .recordLength: "a TLS record is empty or too long"
        case .notClientHello: "the first TLS message is no ClientHello"
        case .version: "the ClientHello is older than TLS 1.0"
        case .length: "a length in the ClientHello is wrong"
        case .compression: "the ClientHello asks for compression"
        case .serverName: "the server name in the ClientHello is invalid"
        case .encryptedHello: "the encrypted ClientHello is invalid"
        case .trailingBytes: "the record of the ClientHello goes on behind it"
        case .tooLong: "the ClientHello is too long"
        }
    }
}

internal import COpenSSL

/// What all TLS connections of one end have in common; any thread may use it.
@safe
package final class SecureContext: @unchecked Sendable {
    let context: OpaquePointer
    /// Whether its connections are the client's end.
    let isClient: Bool
    private let certificate: OpaquePointer?

    /// The origin's end, with a key and a certificate made now.
    ///
    /// - Throws: `SecureError` if OpenSSL refuses.
    package convenience init(originOf name: String) throws(SecureError) {
        guard let key = unsafe cl_make_key() else { throw SecureError.last("making a key") }
        defer { unsafe EVP_PKEY_free(key) }
        guard let certificate = unsafe cl_sign_oneself(key, name) else {
            throw SecureError.last("making a certificate")
        }
        try unsafe self.init(TLS_server_method(), isClient: false, certificate)
        guard unsafe SSL_CTX_use_certificate(context, certificate) == 1,
            unsafe SSL_CTX_use_PrivateKey(context, key) == 1
        else { throw SecureError.last("using the certificate") }
    }

    /// The client's end, which trusts `origin` alone, or, if there is none, whoever answers.
    ///
    /// - Throws: `SecureError` if OpenSSL refuses.
    package convenience init(clientOf origin: SecureContext?) throws(SecureError) {
        try unsafe self.init(TLS_client_method(), isClient: true, nil)
        guard let certificate = unsafe origin?.certificate else { return }
        let store = unsafe SSL_CTX_get_cert_store(context)
        guard unsafe X509_STORE_add_cert(store, certificate) == 1 else {
            throw SecureError.last("trusting the certificate")
        }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    }

    private init(
        _ method: OpaquePointer?,
        isClient: Bool,
        _ certificate: OpaquePointer?
    ) throws(SecureError) {
        guard let context = unsafe SSL_CTX_new(method) else {
            throw SecureError.last("starting")
        }
        unsafe self.context = context
        unsafe self.certificate = certificate
        self.isClient = isClient
        guard unsafe cl_set_up(context) == 1 else { throw SecureError.last("setting up") }
    }

    deinit {
        unsafe X509_free(certificate)
        unsafe SSL_CTX_free(context)
    }
}

extension SecureError {
    /// What OpenSSL said last, while `action`.
    static func last(_ action: String) -> SecureError {
        SecureError("TLS, \(action): \(reason())")
    }

    /// The reason of the oldest error of this thread, whose others are forgotten.
    static func reason() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard let text = unsafe ERR_reason_error_string(code) else { return "no reason given" }
        return unsafe String(cString: text)
    }
}

package import Connect
package import Kernel

/// Credentials as a client has presented them, in memory that is cleared before anything else is
/// read there.
package struct Presented {
    /// User, colon and password.
    let text: Extent
    let form: BasicCredentials

    package init(text: Extent, form: BasicCredentials) {
        self.text = text
        self.form = form
    }

    var user: Extent { text.part(0..<form.userByteCount) }
    var password: Extent { text.part(form.userByteCount + 1..<form.byteCount) }
}

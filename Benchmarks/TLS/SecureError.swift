/// TLS could not be set up.
package struct SecureError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

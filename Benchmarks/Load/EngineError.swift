/// A run that could not be: what, and what to do about it.
package struct EngineError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

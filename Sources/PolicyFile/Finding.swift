/// Something about a file that its author should know.
public struct Finding: Error, Equatable, Sendable, CustomStringConvertible {
    /// How bad it is.
    public enum Severity: String, Sendable {
        /// The file can't be used.
        case error
        /// It can, but is probably not what is meant.
        case warning
    }

    /// How bad it is.
    public let severity: Severity
    /// Where.
    public let place: Place
    /// What is wrong, and what to do.
    public let message: String

    init(_ severity: Severity, _ place: Place, _ message: String) {
        self.severity = severity
        self.place = place
        self.message = message
    }

    /// The text `line:column: severity: message`, as compilers have it.
    public var description: String {
        "\(place.line):\(place.column): \(severity.rawValue): \(message)"
    }
}

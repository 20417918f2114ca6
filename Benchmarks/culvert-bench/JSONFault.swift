/// A place in a text where it is not JSON, and what should stand there.
struct JSONFault: Error, CustomStringConvertible {
    let line: Int
    let column: Int
    let expected: String
    /// Whether nothing comes any more.
    let isAtEnd: Bool

    var description: String {
        let end = isAtEnd ? ", but it ends" : ""
        return "line \(line), column \(column): \(expected) is expected\(end)"
    }
}

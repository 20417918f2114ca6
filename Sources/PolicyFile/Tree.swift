/// Where something stands in a file: both count from 1, columns by characters.
public struct Place: Equatable, Comparable, Sendable {
    /// The line.
    public let line: Int
    /// The column.
    public let column: Int

    /// Where a file begins.
    static let start = Place(line: 1, column: 1)

    /// Whether `left` comes before `right`.
    public static func < (left: Place, right: Place) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// What a file of YAML says, with the place of everything: all that the rest needs to know of it.
struct Tree {
    let place: Place
    let content: TreeContent

    /// The text, if it is one.
    var text: String? {
        guard case .text(let text) = content else { return nil }
        return text
    }
}

/// What a part of a file is.
indirect enum TreeContent {
    case text(String)
    case list([Tree])
    case map([TreeMember])
}

/// A key and its value.
struct TreeMember {
    let key: Tree
    let value: Tree
}

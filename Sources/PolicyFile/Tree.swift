internal import Yams

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
///
/// This file is the border to the reader of YAML.
struct Tree {
    let place: Place
    let content: TreeContent

    /// The text, if it is one.
    var text: String? {
        guard case .text(let text) = content else { return nil }
        return text
    }

    /// Things in a file, at most, each alias counting as what it stands for.
    private static var countMax: Int { 4_000_000 }

    /// Reads the one document of `text`; nil if there is none.
    ///
    /// - Throws: `Finding` if it isn't YAML.
    init?(parsing text: String) throws(Finding) {
        do {
            guard let node = try Yams.compose(yaml: text, .basic) else { return nil }
            var count = 0
            self = try Tree(node, &count)
        } catch let finding as Finding {
            throw finding
        } catch let error as YamlError {
            throw Tree.finding(error)
        } catch {
            throw Finding(.error, .start, "\(error)")
        }
    }

    private init(_ node: Node, _ count: inout Int) throws(Finding) {
        place = node.mark.map { Place(line: $0.line, column: $0.column) } ?? .start
        count += 1
        guard count <= Tree.countMax else {
            throw Finding(.error, place, "the file says more than \(Tree.countMax) things")
        }
        switch node {
        case .scalar(let scalar): content = .text(scalar.string)
        case .sequence(let sequence):
            var list: [Tree] = []
            for element in sequence { list.append(try Tree(element, &count)) }
            content = .list(list)
        case .mapping(let mapping):
            var map: [TreeMember] = []
            for (key, value) in mapping {
                map.append(TreeMember(key: try Tree(key, &count), value: try Tree(value, &count)))
            }
            content = .map(map)
        case .alias: throw Finding(.error, place, "there is nothing that this alias stands for")
        }
    }

    private static func finding(_ error: YamlError) -> Finding {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            // A host pattern without quotes looks like the name of an alias.
            let hint =
                problem.contains("alphabetic or numeric")
                ? #"; put a value that begins with * in quotes: "*.example.com""# : ""
            let place = Place(line: mark.line, column: mark.column)
            return Finding(.error, place, "this is not YAML: \(problem)\(hint)")
        case .duplicatedKeysInMapping(let keys, let context):
            let place = Place(line: context.mark.line, column: context.mark.column)
            return Finding(.error, place, "'\(keys.joined(separator: "', '"))' is there twice")
        case .reader(let problem, _, _, _):
            return Finding(.error, .start, "this is not YAML: \(problem)")
        default: return Finding(.error, .start, "this is not YAML: \(error)")
        }
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

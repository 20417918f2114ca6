extension Tree {
    /// Reads the one document of `text`; nil if there is none.
    ///
    /// - Throws: `Finding` if it isn't YAML, or isn't fit to be read.
    init?(parsing text: String) throws(Finding) {
        var builder = TreeBuilder(try YAMLEvents(text))
        guard let tree = try builder.document() else { return nil }
        self = tree
    }
}

/// Makes a tree of what is read, piece by piece, so that no file makes it work for long before what
/// is wrong with it is found.
struct TreeBuilder: ~Copyable {
    /// A part of the file, with how many things it says and how deep they stand in it.
    private struct Part {
        let tree: Tree
        var count = 1
        var depth = 0
    }

    /// Things in a file, at most, each alias counting as what it stands for, and 64 bytes of text
    /// as one.
    private static var countMax: Int { 4_000_000 }

    /// Lists and maps in each other, at most.
    private static var depthMax: Int { 64 }

    /// What stands for no value, unless it is in quotes (YAML 1.2 section 10.3.2).
    private static let nothing: Set = ["~", "null", "Null", "NULL"]

    private let events: YAMLEvents
    private var count = 0
    /// The parts that aliases may stand for; nil as long as their end hasn't been read.
    private var anchors: [String: Part?] = [:]

    init(_ events: consuming YAMLEvents) { self.events = events }

    /// The one document; nil if there is none.
    mutating func document() throws(Finding) -> Tree? {
        guard try next().kind == .documentStart else { return nil }
        let tree = try part(next(), depth: 0).tree
        if try next().kind == .documentStart {
            throw Finding(.error, try next().place, "a second document begins")
        }
        return tree
    }

    /// What comes next that says something.
    private func next() throws(Finding) -> YAMLEvent {
        while true {
            let event = try events.next()
            if event.kind != .other { return event }
        }
    }

    // MARK: Parts

    private mutating func part(_ event: YAMLEvent, depth: Int) throws(Finding) -> Part {
        if event.hasTag {
            throw Finding(.error, event.place, "tags, which begin with !, have no meaning here")
        }
        guard depth <= TreeBuilder.depthMax else { throw TreeBuilder.deep(event.place) }
        if event.kind == .alias { return try alias(event, depth) }
        if let anchor = event.anchor, anchors.updateValue(nil, forKey: anchor) != nil {
            throw Finding(.error, event.place, "the anchor '\(anchor)' is there twice")
        }
        try count(1 + event.text.utf8.count / 64, event.place)
        let part =
            switch event.kind {
            case .listStart: try list(event.place, depth)
            case .mapStart: try map(event.place, depth)
            default: Part(tree: TreeBuilder.scalar(event), count: 1 + event.text.utf8.count / 64)
            }
        if let anchor = event.anchor { anchors[anchor] = part }
        return part
    }

    private mutating func list(_ place: Place, _ depth: Int) throws(Finding) -> Part {
        var (list, count, inner): ([Tree], Int, Int) = ([], 1, 0)
        while true {
            let event = try next()
            if event.kind == .end { break }
            let part = try part(event, depth: depth + 1)
            list.append(part.tree)
            (count, inner) = (count + part.count, max(inner, part.depth + 1))
        }
        return Part(tree: Tree(place: place, content: .list(list)), count: count, depth: inner)
    }

    private mutating func map(_ place: Place, _ depth: Int) throws(Finding) -> Part {
        var (map, count, inner): ([TreeMember], Int, Int) = ([], 1, 0)
        var names: Set<String> = []
        while true {
            let event = try next()
            if event.kind == .end { break }
            let key = try part(event, depth: depth + 1)
            if let name = key.tree.text, !names.insert(name).inserted {
                throw Finding(.error, key.tree.place, "'\(name)' is there twice")
            }
            let value = try part(next(), depth: depth + 1)
            map.append(TreeMember(key: key.tree, value: value.tree))
            count += key.count + value.count
            inner = max(inner, key.depth + 1, value.depth + 1)
        }
        return Part(tree: Tree(place: place, content: .map(map)), count: count, depth: inner)
    }

    /// What `event` stands for, which keeps the place that it has itself.
    private mutating func alias(_ event: YAMLEvent, _ depth: Int) throws(Finding) -> Part {
        guard let found = anchors[event.anchor ?? ""] else {
            let words = "there is no anchor '\(event.anchor ?? "")' above; \(YAMLEvents.quoteHint)"
            throw Finding(.error, event.place, words)
        }
        guard let part = found else {
            throw Finding(.error, event.place, "this is an alias of what it stands in")
        }
        guard depth + part.depth <= TreeBuilder.depthMax else {
            throw TreeBuilder.deep(event.place)
        }
        try count(part.count, event.place)
        return part
    }

    private static func scalar(_ event: YAMLEvent) -> Tree {
        let isNothing = event.isPlain && nothing.contains(event.text)
        return Tree(place: event.place, content: .text(isNothing ? "" : event.text))
    }

    // MARK: Limits

    private mutating func count(_ more: Int, _ place: Place) throws(Finding) {
        count += more
        guard count <= TreeBuilder.countMax else {
            throw Finding(
                .error,
                place,
                "the file says more than \(TreeBuilder.countMax) things"
            )
        }
    }

    private static func deep(_ place: Place) -> Finding {
        Finding(.error, place, "lists and maps stand more than \(depthMax) deep in each other")
    }
}

internal import CYAML

/// The border to libyaml.
extension Tree {
    /// Things in a file, at most, each alias counting as what it stands for.
    private static var countMax: Int { 4_000_000 }

    /// Lists and maps in each other, at most; an alias of what it stands in would have no end.
    private static var depthMax: Int { 64 }

    /// Reads the one document of `text`; nil if there is none.
    ///
    /// - Throws: `Finding` if it isn't YAML.
    init?(parsing text: String) throws(Finding) {
        let bytes = Array(text.utf8)
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { unsafe parser.deallocate() }
        guard unsafe yaml_parser_initialize(parser) != 0 else {
            throw Finding(.error, .start, "there is no memory left to read the file")
        }
        defer { unsafe yaml_parser_delete(parser) }
        let tree = unsafe bytes.withUnsafeBufferPointer { bytes -> Result<Tree?, Finding> in
            unsafe yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
            return Result { () throws(Finding) in
                let tree = try unsafe Tree.document(parser, bytes) { (document) throws(Finding) in
                    var count = 0
                    return try unsafe Tree(document, document.root, depth: 0, &count)
                }
                _ = try unsafe Tree.document(parser, bytes) { (document) throws(Finding) -> Tree in
                    throw Finding(.error, unsafe document.root.place, "a second document begins")
                }
                return tree
            }
        }
        guard let tree = try tree.get() else { return nil }
        self = tree
    }

    /// What `body` makes of the next document; nil if there is none.
    private static func document(
        _ parser: UnsafeMutablePointer<yaml_parser_t>,
        _ text: UnsafeBufferPointer<UInt8>,
        _ body: (YAMLDocument) throws(Finding) -> Tree
    ) throws(Finding) -> Tree? {
        var document = unsafe yaml_document_t()
        guard unsafe yaml_parser_load(parser, &document) != 0 else {
            throw unsafe finding(parser.pointee, text)
        }
        defer { unsafe yaml_document_delete(&document) }
        guard unsafe yaml_document_get_root_node(&document) != nil else { return nil }
        return try unsafe body(YAMLDocument(nodes: document.nodes.start))
    }

    private init(
        _ document: YAMLDocument,
        _ node: yaml_node_t,
        depth: Int,
        _ count: inout Int
    ) throws(Finding) {
        place = unsafe node.place
        count += 1
        guard count <= Tree.countMax else {
            throw Finding(.error, place, "the file says more than \(Tree.countMax) things")
        }
        guard depth <= Tree.depthMax else {
            throw Finding(
                .error,
                place,
                "lists and maps stand more than \(Tree.depthMax) deep in each other"
            )
        }
        if unsafe node.type == YAML_SEQUENCE_NODE {
            var list: [Tree] = []
            for item in unsafe items(
                node.data.sequence.items.start,
                node.data.sequence.items.top
            ) {
                let element = unsafe document[item]
                list.append(try unsafe Tree(document, element, depth: depth + 1, &count))
            }
            content = .list(list)
        } else if unsafe node.type == YAML_MAPPING_NODE {
            var (map, names): ([TreeMember], Set<String>) = ([], [])
            for pair in unsafe items(
                node.data.mapping.pairs.start,
                node.data.mapping.pairs.top
            ) {
                let key = try unsafe Tree(document, document[pair.key], depth: depth + 1, &count)
                if let name = key.text, !names.insert(name).inserted {
                    throw Finding(.error, key.place, "'\(name)' is there twice")
                }
                let element = unsafe document[pair.value]
                let value = try unsafe Tree(document, element, depth: depth + 1, &count)
                map.append(TreeMember(key: key, value: value))
            }
            content = .map(map)
        } else {
            let scalar = unsafe node.data.scalar
            let text = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            content = .text(unsafe String(decoding: text, as: UTF8.self))
        }
    }

    private static func finding(
        _ parser: yaml_parser_t,
        _ text: UnsafeBufferPointer<UInt8>
    ) -> Finding {
        let problem =
            unsafe parser.problem.map { unsafe String(cString: $0) } ?? "there is no memory left"
        // The reader of characters knows no lines.
        let place =
            unsafe parser.error == YAML_READER_ERROR
            ? unsafe Place(after: text.prefix(parser.problem_offset))
            : unsafe parser.problem_mark.place
        // A host pattern without quotes looks like the name of an alias.
        let hint =
            problem.contains("alphabetic or numeric")
            ? #"; put a value that begins with * in quotes: "*.example.com""# : ""
        return Finding(.error, place, "this is not YAML: \(problem)\(hint)")
    }
}

extension Place {
    /// What comes after `text`, which is UTF-8.
    fileprivate init(after text: Slice<UnsafeBufferPointer<UInt8>>) {
        let line = unsafe text.reversed().prefix { $0 != UInt8(ascii: "\n") }
        let characters = unsafe line.count { $0 & 0xc0 != 0x80 }
        let lines = unsafe text.count { $0 == UInt8(ascii: "\n") }
        self.init(line: lines + 1, column: characters + 1)
    }
}

/// The nodes of a document, as long as it is there.
@unsafe private struct YAMLDocument {
    /// The first; they count from 1.
    let nodes: UnsafeMutablePointer<yaml_node_t>

    var root: yaml_node_t { unsafe self[1] }

    subscript(_ number: Int32) -> yaml_node_t { unsafe nodes[Int(number) - 1] }
}

/// What stands from `start` to before `top`; both are nil if there is nothing.
private func items<Item>(
    _ start: UnsafeMutablePointer<Item>?,
    _ top: UnsafeMutablePointer<Item>?
) -> [Item] {
    guard let start = unsafe start, let top = unsafe top else { return [] }
    return unsafe Array(UnsafeBufferPointer(start: start, count: top - start))
}

extension yaml_node_t {
    fileprivate var place: Place { unsafe start_mark.place }
}

extension yaml_mark_t {
    fileprivate var place: Place { Place(line: line + 1, column: column + 1) }
}

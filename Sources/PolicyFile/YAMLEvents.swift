internal import CYAML

/// A piece of a file.
struct YAMLEvent {
    enum Kind {
        case documentStart, alias, scalar, listStart, mapStart
        /// The end of a list or a map.
        case end
        case streamEnd
        /// Of no interest.
        case other
    }

    let kind: Kind
    let place: Place
    /// The name of the anchor that it has, or of that which it is an alias of.
    var anchor: String?
    var hasTag = false
    var text = ""
    var isPlain = false

    init(_ event: yaml_event_t) {
        place = unsafe Place(
            line: event.start_mark.line + 1,
            column: event.start_mark.column + 1
        )
        switch unsafe event.type {
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: kind = .end
        case YAML_ALIAS_EVENT:
            kind = .alias
            anchor = unsafe YAMLEvent.string(event.data.alias.anchor)
        case YAML_SEQUENCE_START_EVENT:
            kind = .listStart
            anchor = unsafe YAMLEvent.string(event.data.sequence_start.anchor)
            hasTag = unsafe event.data.sequence_start.tag != nil
        case YAML_MAPPING_START_EVENT:
            kind = .mapStart
            anchor = unsafe YAMLEvent.string(event.data.mapping_start.anchor)
            hasTag = unsafe event.data.mapping_start.tag != nil
        case YAML_SCALAR_EVENT:
            kind = .scalar
            let scalar = unsafe event.data.scalar
            anchor = unsafe YAMLEvent.string(scalar.anchor)
            hasTag = unsafe scalar.tag != nil
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            text = unsafe String(decoding: bytes, as: UTF8.self)
            isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
        default: kind = .other
        }
    }

    private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        unsafe text.map { unsafe String(cString: $0) }
    }
}

/// The pieces of a file, one after the other.
@safe struct YAMLEvents: ~Copyable {
    /// A host pattern without quotes looks like the name of an alias.
    static let quoteHint = #"put a value that begins with * in quotes: "*.example.com""#

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>

    init(_ text: String) throws(Finding) {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard unsafe yaml_parser_initialize(parser) != 0 else {
            unsafe parser.deallocate()
            throw Finding(.error, .start, "there is no memory left to read the file")
        }
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
        _ = unsafe bytes.initialize(from: text.utf8)
        unsafe yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
        unsafe self.parser = parser
        unsafe self.text = bytes
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    /// The next one; behind the last it is the end of the stream.
    func next() throws(Finding) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) != 0 else { throw finding }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe YAMLEvent(event)
    }

    private var finding: Finding {
        let parser = unsafe parser.pointee
        let problem =
            unsafe parser.problem.map { unsafe String(cString: $0) } ?? "there is no memory left"
        // The reader of characters knows no lines.
        let place =
            unsafe parser.error == YAML_READER_ERROR
            ? unsafe Place(after: text.prefix(parser.problem_offset))
            : unsafe Place(
                line: parser.problem_mark.line + 1,
                column: parser.problem_mark.column + 1
            )
        let hint = problem.contains("alphabetic or numeric") ? "; \(YAMLEvents.quoteHint)" : ""
        return Finding(.error, place, "this is not YAML: \(problem)\(hint)")
    }
}

extension Place {
    /// What comes after `text`, which is UTF-8.
    fileprivate init(after text: Slice<UnsafeMutableBufferPointer<UInt8>>) {
        let line = unsafe text.reversed().prefix { $0 != UInt8(ascii: "\n") }
        let characters = unsafe line.count { $0 & 0xc0 != 0x80 }
        let lines = unsafe text.count { $0 == UInt8(ascii: "\n") }
        self.init(line: lines + 1, column: characters + 1)
    }
}

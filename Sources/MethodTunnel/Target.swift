public import Internet

/// What a request is for.
public enum TunnelOperation: Equatable, Sendable {
    /// Makes a session of a version.
    case make(version: UInt64)
    /// Opens a stream.
    case open(StreamNumber)
    /// Brings bytes of an up lane.
    case send(lane: Int, offset: UInt64)
    /// Asks for bytes of a down lane, to be answered at once when there are some.
    case poll(lane: Int, offset: UInt64, waitSeconds: UInt64, size: UInt64)
    /// Asks for bytes of a down lane as they come.
    case flow(lane: Int, offset: UInt64, waitSeconds: UInt64, size: UInt64)
    /// Ends a stream.
    case end(StreamNumber)
    /// Ends the session.
    case quit

    /// The method of such a request, unless it is overridden by POST.
    public var method: String {
        switch self {
        case .make, .open: "POST"
        case .send: "PUT"
        case .poll, .flow: "GET"
        case .end, .quit: "DELETE"
        }
    }

    /// The methods that its requests may have, as in Allow: POST stands for each.
    public var methods: String {
        method == "POST" ? "POST" : method + ", POST"
    }
}

/// How a target names its session.
public enum SessionReference: Equatable, Sendable {
    /// Not at all: it makes one.
    case none
    /// By the field Tunnel-Session.
    case field
    /// By itself.
    case path(SessionID)
}

/// The target of a request, below the path of the operator's choice.
public struct Target: Equatable, Sendable {
    /// What the request is for.
    public var operation: TunnelOperation
    /// How it names its session.
    public var session: SessionReference
    /// What tells it from all other requests.
    public var serial: UInt64

    /// The target of these parts.
    public init(_ operation: TunnelOperation, session: SessionReference, serial: UInt64) {
        self.operation = operation
        self.session = session
        self.serial = serial
    }

    /// Reads the path and query that `range` of `bytes` spells, or nothing.
    ///
    /// - Parameters:
    ///   - bytes: The head.
    ///   - range: Where what follows `{base}/` stands.
    public init?(parsing bytes: Span<UInt8>, in range: Range<Int>) {
        var segments = Segments(range)
        guard let serial = segments.takeQuery(bytes), let first = segments.next(bytes)
        else { return nil }
        self.serial = serial
        if Segments.spells(bytes, first, "make") {
            guard let version = segments.number(bytes), segments.isAtEnd else { return nil }
            session = .none
            operation = .make(version: version)
            return
        }
        if Segments.spells(bytes, first, "-") {
            session = .field
        } else {
            guard let id = SessionID(parsing: bytes, in: first) else { return nil }
            session = .path(id)
        }
        guard let operation = Self.operation(bytes, &segments), segments.isAtEnd
        else { return nil }
        self.operation = operation
    }

    private static func operation(
        _ bytes: Span<UInt8>,
        _ segments: inout Segments
    ) -> TunnelOperation? {
        guard let word = segments.next(bytes) else { return nil }
        if Segments.spells(bytes, word, "quit") { return .quit }
        guard let first = segments.number(bytes) else { return nil }
        let opens = Segments.spells(bytes, word, "open")
        if opens || Segments.spells(bytes, word, "end") {
            guard let raw = UInt32(exactly: first), let stream = StreamNumber(rawValue: raw)
            else { return nil }
            return opens ? .open(stream) : .end(stream)
        }
        guard first < 4, let offset = segments.number(bytes) else { return nil }
        let lane = Int(first)
        if Segments.spells(bytes, word, "send") { return .send(lane: lane, offset: offset) }
        guard let wait = segments.number(bytes), let size = segments.number(bytes)
        else { return nil }
        if Segments.spells(bytes, word, "poll") {
            return .poll(lane: lane, offset: offset, waitSeconds: wait, size: size)
        }
        guard Segments.spells(bytes, word, "flow") else { return nil }
        return .flow(lane: lane, offset: offset, waitSeconds: wait, size: size)
    }

    /// Writes what follows `{base}/`.
    public func write(to sink: inout some ByteSink) {
        switch session {
        case .none: break
        case .field: sink.append("-/")
        case .path(let id):
            id.write(to: &sink)
            sink.append("/")
        }
        switch operation {
        case .make(let version): Self.write("make", [version], &sink)
        case .open(let stream): Self.write("open", [UInt64(stream.rawValue)], &sink)
        case .send(let lane, let offset): Self.write("send", [UInt64(lane), offset], &sink)
        case .poll(let lane, let offset, let wait, let size):
            Self.write("poll", [UInt64(lane), offset, wait, size], &sink)
        case .flow(let lane, let offset, let wait, let size):
            Self.write("flow", [UInt64(lane), offset, wait, size], &sink)
        case .end(let stream): Self.write("end", [UInt64(stream.rawValue)], &sink)
        case .quit: sink.append("quit")
        }
        sink.append("?")
        Digits.write(hexadecimal: serial, to: &sink)
    }

    private static func write<let count: Int>(
        _ word: String,
        _ numbers: [count of UInt64],
        _ sink: inout some ByteSink
    ) {
        sink.append(word)
        for index in numbers.indices {
            sink.append("/")
            sink.append(decimal: numbers[index])
        }
    }
}

/// The segments of a target, one after another.
private struct Segments {
    private var rest: Range<Int>
    private var isFirst = true

    init(_ range: Range<Int>) { rest = range }

    var isAtEnd: Bool { rest.isEmpty }

    /// Takes the query, which is the serial.
    mutating func takeQuery(_ bytes: Span<UInt8>) -> UInt64? {
        let mark = rest.upperBound - 17
        guard mark >= rest.lowerBound, bytes[mark] == UInt8(ascii: "?"),
            let serial = Digits.hexadecimal(bytes, (mark + 1)..<rest.upperBound)
        else { return nil }
        rest = rest.lowerBound..<mark
        return serial
    }

    /// The next segment; it begins with a slash, but for the first one.
    mutating func next(_ bytes: Span<UInt8>) -> Range<Int>? {
        if !isFirst {
            guard !rest.isEmpty, bytes[rest.lowerBound] == UInt8(ascii: "/") else { return nil }
            rest = (rest.lowerBound + 1)..<rest.upperBound
        }
        isFirst = false
        var end = rest.lowerBound
        while end < rest.upperBound, bytes[end] != UInt8(ascii: "/") { end += 1 }
        let segment = rest.lowerBound..<end
        rest = end..<rest.upperBound
        return segment
    }

    mutating func number(_ bytes: Span<UInt8>) -> UInt64? {
        guard let segment = next(bytes) else { return nil }
        return Digits.decimal(bytes, segment)
    }

    static func spells(_ bytes: Span<UInt8>, _ range: Range<Int>, _ word: String) -> Bool {
        let expected = word.utf8.span
        guard range.count == expected.count else { return false }
        for index in expected.indices where bytes[range.lowerBound + index] != expected[index] {
            return false
        }
        return true
    }
}

/// Takes messages of HTTP off a stream as they come, their framing included.
struct MessageReader {
    private enum Rest {
        case none
        /// So many bytes are left.
        case bytes(Int)
        /// A line with the size of a chunk is next.
        case chunkSize
        /// So many bytes of a chunk are left, its line end included.
        case chunk(Int)
    }

    // No expectation of Swift Testing: on the threads of origins a cut is nobody's failure.
    private static let cut = Stream.Failure(call: "recv before the end of a message", code: 0)

    private let stream: Stream
    private var buffer: [UInt8] = []
    private var rest = Rest.none

    init(_ stream: Stream) { self.stream = stream }

    /// Whether more has come than was taken.
    var hasMore: Bool { !buffer.isEmpty }

    /// Whether nothing is left of the message.
    var isAtEnd: Bool {
        switch rest {
        case .none, .bytes(0): true
        default: false
        }
    }

    /// The next head, with its empty line; nil if the stream ends before it is whole.
    mutating func head() throws -> String? {
        guard let bytes = try take(through: "\r\n\r\n") else { return nil }
        let head = String(decoding: bytes, as: UTF8.self)
        if let length = head.firstMatch(of: #/(?i)\r\ncontent-length: *(\d+)/#) {
            rest = .bytes(Int(length.1) ?? 0)
        } else if head.contains(#/(?i)\r\ntransfer-encoding: *chunked/#) {
            rest = .chunkSize
        } else {
            rest = .none
        }
        return head
    }

    /// Bytes of the body as they come; nil behind its end.
    ///
    /// Throws if the stream ends before the body does.
    mutating func piece() throws -> [UInt8]? {
        guard !isAtEnd else { return nil }
        switch rest {
        case .none: return nil
        case .bytes(let count):
            let bytes = try takeSome(count)
            rest = .bytes(count - bytes.count)
            return bytes
        case .chunkSize:
            guard let line = try take(through: "\r\n") else { throw Self.cut }
            let text = String(decoding: line.dropLast(2), as: UTF8.self)
            guard let size = Int(text, radix: 16) else { throw Self.cut }
            rest = size == 0 ? .bytes(2) : .chunk(size + 2)
            return line
        case .chunk(let count):
            let bytes = try takeSome(count)
            let left = count - bytes.count
            rest = left == 0 ? .chunkSize : .chunk(left)
            return bytes
        }
    }

    /// All of the body.
    mutating func body() throws -> [UInt8] {
        var body: [UInt8] = []
        while let piece = try piece() { body += piece }
        return body
    }

    /// Passes the next message on to `other` as it comes.
    ///
    /// Throws if the stream ends before the message does.
    mutating func passMessage(to other: Stream) throws {
        guard let head = try head() else { throw Self.cut }
        try other.send(head)
        while let piece = try piece() { try other.send(piece) }
    }

    private mutating func take(through end: String) throws -> [UInt8]? {
        let mark = Array(end.utf8)
        var searched = 0
        while true {
            while searched + mark.count <= buffer.count {
                let last = searched + mark.count
                if buffer[searched..<last].elementsEqual(mark) {
                    let taken = Array(buffer[..<last])
                    buffer.removeFirst(last)
                    return taken
                }
                searched += 1
            }
            let more = try stream.receive()
            guard !more.isEmpty else { return nil }
            buffer += more
        }
    }

    private mutating func takeSome(_ count: Int) throws -> [UInt8] {
        if buffer.isEmpty { buffer = try stream.receive() }
        guard !buffer.isEmpty else { throw Self.cut }
        let taken = Array(buffer.prefix(count))
        buffer.removeFirst(taken.count)
        return taken
    }
}

import Glibc
import Testing

/// Patterns on their way, and readers that don't read.
extension Stream {
    /// Sends the bytes of `pattern` in `range`.
    func send(_ pattern: Pattern, _ range: Range<Int>) throws {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let piece = pattern.piece(at: offset, range.upperBound - offset)
            try send(Array(piece))
            offset += piece.count
        }
    }

    /// Sends a piece of `pattern` from byte `offset` on, as far as there is room for it at present;
    /// how much that was.
    func sendSome(_ pattern: Pattern, at offset: Int, upTo limit: Int) throws -> Int {
        let piece = Array(pattern.piece(at: offset, limit - offset))
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        let count = unsafe Glibc.send(descriptor, piece, piece.count, flags)
        guard count < 0 else { return count }
        guard errno == EAGAIN else { throw Failure(call: "send", code: errno) }
        return 0
    }

    /// Sends `pattern` up to byte `limit`, or until nobody takes any more; how many bytes went.
    ///
    /// So many milliseconds without room mean that all on the way is full.
    func fill(
        _ pattern: Pattern,
        upTo limit: Int = 1 << 26,
        within milliseconds: Int32 = 250
    ) throws -> Int {
        var offset = 0
        while offset < limit, Readiness.comes(descriptor, POLLOUT, within: milliseconds) {
            offset += try sendSome(pattern, at: offset, upTo: limit)
        }
        return offset
    }

    /// Receives the bytes of `pattern` in `range`.
    func receive(_ pattern: Pattern, _ range: Range<Int>) throws {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let bytes = try receive(min(Pattern.pieceMax, range.upperBound - offset))
            guard !bytes.isEmpty else { throw Failure(call: "recv before FIN", code: 0) }
            try pattern.check(bytes, at: offset)
            offset += bytes.count
        }
    }

    /// Receives to the end, which must be the beginning of `pattern`: how much, and the end.
    func receiveToEnd(_ pattern: Pattern) throws -> (count: Int, end: End) {
        var count = 0
        while true {
            do {
                let bytes = try receive(Pattern.pieceMax)
                guard !bytes.isEmpty else { return (count, .fin) }
                try pattern.check(bytes, at: count)
                count += bytes.count
            } catch let failure as Failure where failure.code == ECONNRESET {
                return (count, .reset)
            }
        }
    }

    /// Sends one byte of urgent data.
    func sendUrgent(_ byte: UInt8) throws {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_OOB)
        guard unsafe Glibc.send(descriptor, [byte], 1, flags) == 1 else {
            throw Failure(call: "send", code: errno)
        }
    }
}

extension Stream {
    /// Sends `count` bytes and the end on each of `streams`, all at once, to an origin that echoes,
    /// and expects each byte and the end to come back.
    static func expectEchoes(
        of count: Int,
        on streams: [Stream],
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try Crew.run(
            streams.flatMap { stream -> [@Sendable () throws -> Void] in
                [
                    {
                        try stream.send(.outbound, 0..<count)
                        try stream.finish()
                    },
                    {
                        let (received, end) = try stream.receiveToEnd(.outbound)
                        #expect(
                            received == count && end == .fin,
                            comment,
                            sourceLocation: sourceLocation
                        )
                    },
                ]
            }
        )
    }
}

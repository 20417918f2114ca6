internal import Connect
internal import Kernel
internal import Proxy
internal import Relay

/// The pieces, in the order in which a tunnel's life meets them.
///
/// Each works on input that changes or that the compiler can't see through, so that nothing is
/// computed beforehand.
extension Piece {
    static let all =
        [
            Piece(name: "slab", work: takeAndRelease),
            Piece(name: "token", work: packAndUnpack),
            Piece(name: "head", work: { parse(head, pieceSize: head.count, times: $0) }),
            Piece(name: "head-split", work: { parse(head, pieceSize: 16, times: $0) }),
            Piece(
                name: "head-refused",
                work: { parse(refusedHead, pieceSize: head.count, times: $0) }
            ),
            Piece(name: "authority-name", work: { read("origin.example.com:443", times: $0) }),
            Piece(name: "authority-v4", work: { read("203.0.113.70:443", times: $0) }),
            Piece(
                name: "authority-v6",
                work: { read("[2001:db8::8:800:200c:417a]:443", times: $0) }
            ),
            Piece(name: "flow-message", work: copy),
            Piece(name: "flow-bulk", work: splice),
            Piece(name: control, work: allocate),
        ] + decisions

    /// The piece that allocates once each time, which shows that allocations are seen.
    static let control = "control"

    private static let head = octets(
        """
        CONNECT origin.example.com:443 HTTP/1.1\r\nHost: origin.example.com:443\r\n\
        User-Agent: curl/8.5.0\r\nProxy-Connection: Keep-Alive\r\n\r\n
        """
    )
    private static let refusedHead = octets("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")

    private static func octets(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// Parses `head` as it comes in pieces.
    private static func parse(_ head: [UInt8], pieceSize: Int, times: Int) -> UInt64 {
        var sum: UInt64 = 0
        for _ in 0..<times {
            var parser = HeadParser()
            var end = 0
            while end < head.count {
                end = min(end + pieceSize, head.count)
                switch parser.parse(head.span.extracting(0..<end)) {
                case .incomplete: sum &+= 1
                case .complete(let head): sum &+= UInt64(head.byteCount)
                case .refused(let refusal): sum &+= UInt64(refusal.status)
                }
            }
        }
        return sum
    }

    private static func read(_ text: String, times: Int) -> UInt64 {
        let bytes = octets(text)
        var sum: UInt64 = 0
        for _ in 0..<times {
            guard let authority = Authority(parsing: bytes.span, in: 0..<bytes.count) else {
                preconditionFailure("not an authority: \(text)")
            }
            sum &+= UInt64(authority.port)
        }
        return sum
    }

    private static func packAndUnpack(times: Int) -> UInt64 {
        var sum: UInt64 = 0
        for index in 0..<UInt32(times) {
            let generation = UInt16(truncatingIfNeeded: sum)
            let packed = Token(.receive, detail: 1, generation: generation, slot: index).rawValue
            guard let token = Token(rawValue: packed) else { preconditionFailure("not a token") }
            sum &+= UInt64(token.slot) &+ UInt64(token.generation)
        }
        return sum
    }

    private static func takeAndRelease(times: Int) -> UInt64 {
        guard var slab = try? Slab<UInt64>(capacity: 1024) else {
            preconditionFailure("there is no memory for a slab")
        }
        var sum: UInt64 = 0
        for _ in 0..<times {
            guard let slot = slab.take({ UInt64($0) }) else { preconditionFailure("it is full") }
            slab[slot] &+= 1
            sum &+= slab[slot]
            slab.release(slot)
        }
        return sum
    }

    private static let rules = FlowRules(way: .auto, largeSize: 4096, promoteAfter: 1)

    /// A message of one direction: received, sent, buffer back, waiting for the next.
    private static func copy(times: Int) -> UInt64 {
        var flow = Flow()
        _ = flow.start(rules)
        for index in 0..<times {
            let count = 64 + index & 63
            guard flow.received(count, rules) == .send, flow.sent(count) == .releaseBuffer,
                flow.next(rules, sourceHasMore: false) == .receive(afterPoll: true)
            else { preconditionFailure("a message is not copied") }
        }
        return flow.delivered
    }

    /// A move of one direction: into the pipe, out of it, and empty.
    private static func splice(times: Int) -> UInt64 {
        let rules = FlowRules(way: .splice, largeSize: 4096, promoteAfter: 1)
        var flow = Flow()
        _ = flow.start(rules)
        for index in 0..<times {
            let count = 65536 + index & 63
            guard flow.sourceIsReady() == .moveIn, flow.movedIn(count, rules) == .moveOut,
                flow.movedOut(count) == .watchSource
            else { preconditionFailure("a move is not spliced") }
        }
        return flow.delivered
    }

    private static func allocate(times: Int) -> UInt64 {
        var sum: UInt64 = 0
        for index in 0..<times { sum &+= UInt64(box(index).count) }
        return sum
    }

    @inline(never)
    private static func box(_ index: Int) -> [Int] { [index] }
}

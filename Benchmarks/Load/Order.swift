package import Kernel

/// The first 32 bytes of a tunnel to our own origin: what the client asks of it.
///
///     magic 4 │ kind 1 │ turn 1 │ check 2 │ number 4 │ start 4 │ up 8 │ down 8
///
/// Numbers are little-endian. Then the client's stream follows.
package struct Order: Equatable, Sendable {
    /// What the origin is to do.
    package enum Kind: UInt8, Sendable {
        /// Answer each byte with the same one.
        case echo = 1
        /// Take one stream and send another one.
        case exchange = 2
    }

    /// Who ends first, in an exchange.
    package enum Turn: UInt8, CaseIterable, Sendable {
        /// Each ends when it has sent all.
        case together
        /// The origin sends only when the client has ended.
        case clientFirst
        /// The client keeps some bytes until the origin has ended.
        case originFirst
    }

    /// Bytes of an order.
    package static var byteCount: Int { 32 }
    /// A stream that goes on until the client ends.
    package static var unlimited: UInt64 { .max }

    package var kind = Kind.echo
    package var turn = Turn.together
    /// Which tunnel of the run it is.
    package var number: UInt32 = 0
    /// Where in the pattern the client's stream begins.
    package var start: UInt32 = 0
    /// Bytes of the client's stream.
    package var up = Order.unlimited
    /// Bytes of the origin's stream.
    package var down: UInt64 = 0

    /// The order for an echo.
    package init() {}

    /// Where in the pattern the origin's stream begins.
    package var answerStart: UInt32 {
        guard kind == .exchange else { return start }
        return UInt32((UInt64(start) + 1_000_003) % Pattern.length)
    }

    /// Writes the order to the beginning of `memory`.
    package func write(to memory: Extent) {
        let words = self.words
        for index in 0..<Order.byteCount {
            memory[index] = UInt8(truncatingIfNeeded: words[index / 8] >> UInt64(index % 8 * 8))
        }
    }

    private static var magic: UInt64 { 0x3142_7643 }

    private var words: InlineArray<4, UInt64> {
        let head = Order.magic | UInt64(kind.rawValue) << 32 | UInt64(turn.rawValue) << 40
        let body = UInt64(number) | UInt64(start) << 32
        return [head | Order.check(head, body, up, down) << 48, body, up, down]
    }

    init?(_ words: InlineArray<4, UInt64>) {
        let head = words[0] & 0xffff_ffff_ffff
        guard head & 0xffff_ffff == Order.magic,
            words[0] >> 48 == Order.check(head, words[1], words[2], words[3]),
            let kind = Kind(rawValue: UInt8(truncatingIfNeeded: head >> 32)),
            let turn = Turn(rawValue: UInt8(truncatingIfNeeded: head >> 40))
        else { return nil }
        self.kind = kind
        self.turn = turn
        number = UInt32(truncatingIfNeeded: words[1])
        start = UInt32(truncatingIfNeeded: words[1] >> 32)
        up = words[2]
        down = words[3]
    }

    /// Sixteen bits that depend on all others.
    private static func check(_ words: UInt64...) -> UInt64 {
        var sum: UInt64 = 0
        for word in words {
            var random = Random(sum ^ word)
            sum = random.next()
        }
        return sum >> 48
    }
}

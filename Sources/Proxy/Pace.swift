/// How many completions are worth waiting for together, by what the last turns have handled.
///
/// A lone message is never held up: only after a full turn, or while tunnels are being opened fast,
/// is a moment given to more completions, so that one entry into the kernel serves them all.
/// Openings that stand still, silent clients say, count for nothing.
package struct Pace: Sendable {
    /// Completions that the last turn handled.
    private var batch = 0
    /// Steps of opening tunnels that recent turns took; it falls off by a quarter each turn.
    private var openings = 0

    package init() {}

    /// A turn begins to handle what has come.
    package mutating func beginTurn() {
        batch = 0
        openings -= (openings + 3) / 4
    }

    /// A completion is handled, which may bring a tunnel nearer to being `opening`.
    package mutating func handle(opening: Bool) {
        batch += 1
        if opening { openings += 1 }
    }

    private var isOpening: Bool { openings >= 16 }

    /// Completions to wait for.
    package var wanted: Int { max(batch / 2, isOpening ? openings / 2 : 1, 1) }

    /// Microseconds within which so many must have come; after them one is enough.
    package var gatherMicroseconds: UInt32 { isOpening ? 200 : 50 }
}

/// How many completions are worth waiting for together, by what the last turns have handled.
///
/// A lone message is never held up: only after a full turn, or while tunnels are being opened fast,
/// is a moment given to more completions, so that one entry into the kernel serves them all.
/// Openings that stand still, silent clients say, count for nothing.
///
/// While turns are full, the completions of sends keep the worker awake for what comes next; while
/// they aren't, each would be an entry into the kernel for nothing.
package struct Pace: Sendable {
    /// Completions that the last turn handled.
    private var batch = 0
    /// Steps of opening tunnels that recent turns took; it falls off by a quarter each turn.
    private var openings = 0
    /// Whether the turn before this one was full.
    package private(set) var isBusy = false

    package init() {}

    /// A turn begins to handle what has come.
    package mutating func beginTurn() {
        isBusy = isFull
        batch = 0
        openings -= (openings + 3) / 4
    }

    /// A completion is handled, which may bring a tunnel nearer to being `opening`.
    package mutating func handle(opening: Bool) {
        batch += 1
        if opening { openings += 1 }
    }

    private var isFull: Bool { batch >= 8 }

    private var isOpening: Bool { openings >= 16 }

    /// Completions to wait for.
    package var wanted: Int { max(isFull ? batch / 2 : 1, isOpening ? openings / 2 : 1) }

    /// Microseconds within which so many must have come; after them one is enough.
    package var gatherMicroseconds: UInt32 { isOpening ? 200 : 50 }
}

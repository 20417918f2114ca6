/// How many bytes one request carries, or asks for: halved where so many don't get through, and
/// grown again by little and little where they do.
struct Portion: Sendable {
    /// It is never less than this, or else what was agreed on.
    private static var floor: Int { 4096 }

    /// Bytes at present.
    private(set) var byteCount: Int
    private var most: Int

    /// Begins with `most`, beyond which it never grows.
    init(_ most: Int) {
        byteCount = most
        self.most = most
    }

    /// The smallest that it can become.
    var least: Int { min(Self.floor, most) }

    /// So many as `count` did not get through.
    mutating func halve(from count: Int) {
        byteCount = max(min(byteCount, count) / 2, least)
    }

    /// So many are refused, and will be.
    mutating func forbid() {
        halve(from: byteCount)
        most = byteCount
    }

    /// `count` bytes got through.
    mutating func grow(by count: Int) {
        guard count >= byteCount / 2 else { return }
        byteCount = min(byteCount + byteCount / 8 + 1, most)
    }
}

/// How the bodies fare that are sent on one lane.
struct BodyLuck: Sendable {
    /// Bytes of the body under way.
    var byteCount = 0
    /// Whether a body failed without an answer, so that the server may have taken some of it.
    var isDoubtful = false
    /// Bodies of more than the least that failed so, one after another.
    var failures = 0
}

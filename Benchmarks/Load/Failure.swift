/// One way in which a tunnel can fail: who saw it, when, and what it was.
package struct Failure: Hashable, Sendable {
    /// Which end of the tunnel saw it.
    package enum Side: String, Sendable {
        case client, origin
        /// Both ends together, when all was over.
        case run
    }

    /// What the tunnel was about.
    package enum Stage: String, Sendable {
        case connecting, asking, securing, ordering, idle, exchanging, ending, after
    }

    /// What it was.
    package enum Kind: String, Sendable {
        case noSocket = "no socket"
        case connect = "connect failed"
        case refused = "refused by the proxy"
        case malformed = "no answer of HTTP"
        case endedEarly = "ended early"
        case reset = "broken"
        case insecure = "TLS failed"
        case wrong = "wrong byte"
        case surplus = "more than was sent"
        case stalled = "stalled"
        case unreadable = "order unreadable"
        case misdirected = "at the wrong origin"
        case unserved = "never begun"
        case lost = "lost"
        case leftOpen = "left open"
    }

    package var side: Side
    package var stage: Stage
    package var kind: Kind
    /// The errno, or the status and error word.
    package var detail: String

    init(_ side: Side, _ stage: Stage, _ kind: Kind, _ detail: String = "") {
        self.side = side
        self.stage = stage
        self.kind = kind
        self.detail = detail
    }
}

extension Failure: CustomStringConvertible {
    /// One line for a person.
    package var description: String {
        let cause = detail.isEmpty ? kind.rawValue : "\(kind.rawValue): \(detail)"
        return "\(side.rawValue), \(stage.rawValue): \(cause)"
    }
}

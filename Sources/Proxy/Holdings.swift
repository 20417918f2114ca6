internal import Relay

/// What a tunnel's flows hold: buffers and pipes by number.
struct Holdings {
    private static var none: UInt16 { .max }
    private var buffers: (UInt16, UInt16) = (Holdings.none, Holdings.none)
    private var pipes: (UInt16, UInt16) = (Holdings.none, Holdings.none)
    private var overflowing = (false, false)
    /// Whether the source's socket was known to hold more after the last receive.
    var sourceHasMore: (Bool, Bool) = (false, false)
    /// Whether a poll watches a source that isn't read for hang-up.
    var watchesHangUp: (Bool, Bool) = (false, false)

    func buffer(_ direction: Direction) -> UInt16? {
        let number = direction == .outbound ? buffers.0 : buffers.1
        return number == Holdings.none ? nil : number
    }

    mutating func setBuffer(_ direction: Direction, _ number: UInt16?) {
        let number = number ?? Holdings.none
        if direction == .outbound { buffers.0 = number } else { buffers.1 = number }
    }

    /// Whether what the flow holds has been moved to the tunnel's own memory.
    func overflows(_ direction: Direction) -> Bool {
        direction == .outbound ? overflowing.0 : overflowing.1
    }

    mutating func setOverflows(_ direction: Direction, _ value: Bool) {
        if direction == .outbound { overflowing.0 = value } else { overflowing.1 = value }
    }

    func pipe(_ direction: Direction) -> UInt16? {
        let number = direction == .outbound ? pipes.0 : pipes.1
        return number == Holdings.none ? nil : number
    }

    mutating func setPipe(_ direction: Direction, _ number: UInt16?) {
        let number = number ?? Holdings.none
        if direction == .outbound { pipes.0 = number } else { pipes.1 = number }
    }
}

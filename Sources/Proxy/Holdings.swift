internal import Relay

/// What one flow of a tunnel holds, and what is known of its source.
struct Holding {
    private static var none: UInt16 { .max }
    private var bufferNumber = Holding.none
    private var pipeNumber = Holding.none
    /// Whether what was in the buffer has been moved to the tunnel's own memory; a buffer that is
    /// held beside it waits behind that.
    var overflows = false
    /// Whether the source's socket was known to hold more after the last receive.
    var sourceHasMore = false
    /// Whether a poll watches the source, which isn't read, for hang-up.
    var watchesHangUp = false
    /// Whether the source was seen to have sent FIN, before it has been read to its end.
    var hasSentEnd = false
    /// Whether the source has broken, as was told while it was being read.
    var hasBroken = false
    /// What the source has broken with, behind all that was received; 0 if it hasn't.
    private var errorNumber: UInt8 = 0

    var buffer: UInt16? {
        get { bufferNumber == Holding.none ? nil : bufferNumber }
        set { bufferNumber = newValue ?? Holding.none }
    }

    /// The errno that the source has broken with, while what came before it is being sent.
    var sourceError: Int32? {
        get { errorNumber == 0 ? nil : Int32(errorNumber) }
        set { errorNumber = UInt8(clamping: newValue ?? 0) }
    }

    var pipe: UInt16? {
        get { pipeNumber == Holding.none ? nil : pipeNumber }
        set { pipeNumber = newValue ?? Holding.none }
    }
}

/// What both flows of a tunnel hold.
struct Holdings {
    private var outbound = Holding()
    private var inbound = Holding()

    subscript(direction: Direction) -> Holding {
        get { direction == .outbound ? outbound : inbound }
        _modify {
            if direction == .outbound { yield &outbound } else { yield &inbound }
        }
    }
}

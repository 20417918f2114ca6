internal import Relay

/// Every kind of submission, in the order in which a tunnel's life meets them.
public enum Operation: UInt8, Sendable {
    // The worker's own.
    case accept
    case mailbox
    case passed
    case nameSocket
    case cancelNames
    case wakeJournal
    // A tunnel's.
    case receiveHead
    case connect
    case sendToParent
    case receiveFromParent
    case sendAnswer
    case receiveHello
    case watchSource
    case receive
    case send
    case moveIn
    case moveOut
    case watchSink
    case watchHangUp
    case sendRefusal
    case discard
    case cancel
    case close
    // A carrier's.
    case receiveRequest
    case sendReply
    case watchCarrier
    case cancelCarrier

    /// Whether its completion brings a tunnel nearer to being open.
    var opens: Bool {
        switch self {
        case .accept, .receiveHead, .connect, .sendToParent, .receiveFromParent, .sendAnswer,
            .receiveHello:
            true
        default: false
        }
    }
}

/// What a submission carries, so that its completion finds its way: 64 bits.
///
///     operation 8 │ detail 8 │ generation 16 │ slot 32
///
/// The generation changes with each life of a slot, so that a late completion is recognised. A
/// pointer in its place would be shorter to follow, but couldn't be checked.
public struct Token: Sendable {
    /// What was submitted.
    public var operation: Operation
    /// A direction, an attempt to connect, or zero.
    public var detail: UInt8
    /// The life of the slot that it was submitted for.
    public var generation: UInt16
    /// Whose it is.
    public var slot: UInt32

    /// A token of these parts.
    public init(
        _ operation: Operation,
        detail: UInt8 = 0,
        generation: UInt16 = 0,
        slot: UInt32 = 0
    ) {
        self.operation = operation
        self.detail = detail
        self.generation = generation
        self.slot = slot
    }

    /// The token in its 64 bits; nil for bits that no token has.
    public init?(rawValue: UInt64) {
        guard let operation = Operation(rawValue: UInt8(truncatingIfNeeded: rawValue >> 56)) else {
            return nil
        }
        self.operation = operation
        detail = UInt8(truncatingIfNeeded: rawValue >> 48)
        generation = UInt16(truncatingIfNeeded: rawValue >> 32)
        slot = UInt32(truncatingIfNeeded: rawValue)
    }

    /// The direction in its detail.
    var direction: Direction { detail == 0 ? .outbound : .inbound }

    /// Its 64 bits.
    public var rawValue: UInt64 {
        UInt64(operation.rawValue) << 56 | UInt64(detail) << 48 | UInt64(generation) << 32
            | UInt64(slot)
    }
}

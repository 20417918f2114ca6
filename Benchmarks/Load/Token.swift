/// Every kind of submission: the worker's own, then a tunnel's in the order of its life.
enum Operation: UInt8 {
    case accept
    case endAccept
    case bell
    case connect
    case send
    case room
    case receive
    case watch
    case cancel
    case close
}

/// What a submission carries: operation 8, nothing 8, generation 16 and slot 32 bits.
struct Token {
    var operation: Operation
    var generation: UInt16
    var slot: UInt32

    init(_ operation: Operation, generation: UInt16 = 0, slot: UInt32 = 0) {
        self.operation = operation
        self.generation = generation
        self.slot = slot
    }

    /// The token in its 64 bits.
    init(rawValue: UInt64) {
        guard let operation = Operation(rawValue: UInt8(truncatingIfNeeded: rawValue >> 56)) else {
            preconditionFailure("a completion without a token")
        }
        self.operation = operation
        generation = UInt16(truncatingIfNeeded: rawValue >> 32)
        slot = UInt32(truncatingIfNeeded: rawValue)
    }

    var rawValue: UInt64 {
        UInt64(operation.rawValue) << 56 | UInt64(generation) << 32 | UInt64(slot)
    }
}

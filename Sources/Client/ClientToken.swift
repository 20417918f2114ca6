/// What is submitted for carriers and local connections.
///
/// What the machinery of `Proxy` submits (accepts, polls of name sockets, the mailbox) has tokens
/// of its own, whose operations are below 64; the highest bit is the ring's.
enum ClientOperation: UInt8 {
    // A carrier's.
    case connect = 64
    case receiveAnswer
    case sendRequest
    case awaitRoom
    case cancelCarrier
    // A local connection's.
    case receive
    case send
    case awaitSink
    case watch
    case cancelLocal
    // The worker's own.
    case watchAddresses

    /// Whether it is a carrier's.
    var isOfCarrier: Bool { rawValue <= ClientOperation.cancelCarrier.rawValue }
}

/// What such a submission carries: 64 bits, laid out as `Token` is.
struct ClientToken {
    var operation: ClientOperation
    var generation: UInt16
    var slot: UInt32

    init(_ operation: ClientOperation, generation: UInt16, slot: UInt32) {
        self.operation = operation
        self.generation = generation
        self.slot = slot
    }

    init?(rawValue: UInt64) {
        let operation = ClientOperation(rawValue: UInt8(truncatingIfNeeded: rawValue >> 56))
        guard let operation else { return nil }
        self.operation = operation
        generation = UInt16(truncatingIfNeeded: rawValue >> 32)
        slot = UInt32(truncatingIfNeeded: rawValue)
    }

    var rawValue: UInt64 {
        UInt64(operation.rawValue) << 56 | UInt64(generation) << 32 | UInt64(slot)
    }
}

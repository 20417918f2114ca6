internal import Kernel

/// Who holds a worker's relay buffers, and which flows wait for one.
///
/// The buffers are lent by the kernel with a completed receive. A flow that found none waits in
/// line, and is told when one has come back.
struct BufferLedger: ~Copyable {
    /// Buffers of the worker.
    let count: Int
    /// Buffers that flows hold.
    private(set) var outCount = 0
    /// Tokens of the flows in line, oldest first.
    private var line: Table<UInt64>
    private var first = 0
    private var waiting = 0

    /// A ledger for `count` buffers and up to `flows` flows.
    init(count: Int, flows: Int) throws(SystemError) {
        let line = try Table<UInt64>(zeroed: flows)
        self.line = line
        self.count = count
    }

    /// A receive used a buffer.
    mutating func lend() { outCount += 1 }

    /// The flow has given its buffer back.
    mutating func take() {
        precondition(outCount > 0, "a buffer was given back twice")
        outCount -= 1
    }

    /// The flow of `token` waits for a buffer.
    mutating func wait(_ token: UInt64) {
        precondition(waiting < line.count, "a flow waits twice")
        line[(first + waiting) % line.count] = token
        waiting += 1
    }

    /// The flow to be told of a free buffer, if there is one for it. With `limit` set to what is
    /// free, each buffer wakes one flow.
    mutating func nextInLine() -> UInt64? {
        guard waiting > 0, outCount < count else { return nil }
        let token = line[first]
        first = (first + 1) % line.count
        waiting -= 1
        return token
    }

    /// How many flows are in line.
    var waitingCount: Int { waiting }
}

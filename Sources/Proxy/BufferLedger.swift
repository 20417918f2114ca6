internal import Kernel
internal import Relay

/// Who holds a worker's relay buffers, and which flows wait for one.
///
/// The buffers are lent by the kernel with a completed receive. A flow that found none waits in
/// line, and is told when one has come back. A slow sink must not take buffers from everybody: when
/// half of them are out, what a sink had no room for moves to memory of the tunnel's own.
struct BufferLedger: ~Copyable {
    /// Buffers of the worker.
    let count: Int
    /// Buffers that flows hold.
    private(set) var outCount = 0
    /// The flows in line, oldest first, each by slot and direction.
    private var line: Table<UInt32>
    /// Whether a flow stands in line; it does so at most once, over all its lives.
    private var stands: Table<Bool>
    private var first = 0
    /// How many flows are in line.
    private(set) var waitingCount = 0

    /// A flow, by the slot of its tunnel and its direction.
    struct Waiter {
        let slot: UInt32
        let direction: Direction
    }

    /// A ledger for `count` buffers and the flows of `slots` tunnels.
    init(count: Int, slots: Int) throws(SystemError) {
        let line = try Table<UInt32>(zeroed: 2 * slots)
        let stands = try Table<Bool>(zeroed: 2 * slots)
        self.line = line
        self.stands = stands
        self.count = count
    }

    /// Whether buffers are getting scarce.
    var isTight: Bool { outCount > count / 2 }

    /// A receive used a buffer.
    mutating func lend() { outCount += 1 }

    /// A flow has given its buffer back.
    mutating func take() {
        precondition(outCount > 0, "a buffer was given back twice")
        outCount -= 1
    }

    /// The flow of `slot` and `direction` waits for a buffer.
    mutating func wait(_ slot: UInt32, _ direction: Direction) {
        let flow = slot * 2 + UInt32(direction.rawValue)
        guard !stands[Int(flow)] else { return }
        stands[Int(flow)] = true
        line[(first + waitingCount) % line.count] = flow
        waitingCount += 1
    }

    /// The flow to be told of a free buffer.
    ///
    /// It may have ended since it began to wait.
    mutating func nextInLine() -> Waiter? {
        guard waitingCount > 0 else { return nil }
        let flow = line[first]
        first = (first + 1) % line.count
        waitingCount -= 1
        stands[Int(flow)] = false
        let direction: Direction = flow % 2 == 0 ? .outbound : .inbound
        return Waiter(slot: flow / 2, direction: direction)
    }
}

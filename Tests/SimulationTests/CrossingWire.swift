import Kernel

/// One direction of a simulated connection: bytes that arrive late, and an end.
struct Wire {
    /// Bytes that may be under way or wait to be read.
    let capacity: Int
    private var bytes: [UInt8] = []
    /// Bytes of `bytes` that have been read.
    private var start = 0
    /// When what ends at a position has arrived, in order.
    private var arrivals: [(time: UInt64, end: Int)] = []
    private(set) var writtenCount = 0
    private(set) var readCount = 0
    /// When the FIN arrives.
    private(set) var finTime: UInt64?

    init(capacity: Int) { self.capacity = capacity }

    /// How many bytes may be written.
    var room: Int { finTime == nil ? capacity - (writtenCount - readCount) : 0 }

    /// How many bytes have arrived by `now` and haven't been read.
    func available(_ now: UInt64) -> Int {
        guard let last = arrivals.last(where: { $0.time <= now }) else { return 0 }
        return max(0, last.end - readCount)
    }

    /// When something more arrives, behind `now`.
    func nextArrival(_ now: UInt64) -> UInt64 {
        let bytes = arrivals.first { $0.time > now }?.time ?? .max
        let fin = finTime.map { $0 > now ? $0 : .max } ?? .max
        return min(bytes, fin)
    }

    /// When the last of what was written arrives.
    var lastArrival: UInt64 { arrivals.last?.time ?? 0 }

    /// Whether all has been read, and the FIN has come.
    func isAtEnd(_ now: UInt64) -> Bool {
        guard let finTime else { return false }
        return finTime <= now && readCount == writtenCount
    }

    mutating func write(_ count: Int, at time: UInt64, _ byte: (Int) -> UInt8) {
        for index in 0..<count { bytes.append(byte(index)) }
        writtenCount += count
        arrivals.append((max(time, arrivals.last?.time ?? 0), writtenCount))
    }

    mutating func finish(at time: UInt64) {
        finTime = finTime ?? max(time, arrivals.last?.time ?? 0)
    }

    /// Takes `count` bytes, each of which is handed to `body` with its index.
    mutating func read(_ count: Int, _ body: (Int, UInt8) -> Void) {
        for index in 0..<count { body(index, bytes[start + index]) }
        start += count
        readCount += count
        arrivals.removeAll { $0.end <= readCount }
        guard start > 65536 else { return }
        bytes.removeFirst(start)
        start = 0
    }
}

/// One end of a simulated connection.
struct Plug {
    /// Who has it: a node by its number, or whoever acts by hand.
    enum Owner: Equatable { case node(Int), hand }

    var owner: Owner
    /// The plug at the other end; -1 before it is connected.
    var other = -1
    /// What comes to this end.
    var incoming = Wire(capacity: 0)
    var isOpen = true
    var isAbortive = false
    /// When a reset by the other end, or by the network, arrives.
    var resetTime: UInt64?
    /// What acts when something happens here: a peer, or a ferry, by its number.
    var peer = -1
    var ferry = -1
    /// Whether it belongs to a connection that the network may break.
    var isOuter = false
    var submissions = 0
}

/// Moments at which something may happen, the earliest first.
struct Moments {
    private var heap: [UInt64] = []

    mutating func add(_ time: UInt64) {
        heap.append(time)
        var index = heap.count - 1
        while index > 0, heap[(index - 1) / 2] > heap[index] {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// The earliest one behind `now`; those before are forgotten.
    mutating func next(after now: UInt64) -> UInt64? {
        while let first = heap.first, first <= now { removeFirst() }
        return heap.first
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && heap[child] < heap[least] { least = child }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}

internal import Kernel

/// What a hostile client may use of its worker.
struct HostileServices: ~Copyable {
    let script: HostileScript
    var station: Station
    /// When clients go on, and when their places are taken anew.
    var timers: TimerHeap
    var random: Random
    /// Head and order; fields.
    private let texts: Blocks
    private let headCount: Int
    private let orderEnd: Int
    /// The head of each client that guesses, and how many bytes it has.
    private let guesses: Blocks
    private var guessCounts: [Int]

    init(_ script: HostileScript, _ station: consuming Station) throws(SystemError) {
        let begun = Array(script.begunHead.utf8)
        let texts = try Blocks(count: 2, blockSize: max(begun.count + 64, HostileScript.fillSize))
        let guesses = try Blocks(count: script.count, blockSize: begun.count + 256)
        for (index, byte) in (begun + Array("\r\n".utf8)).enumerated() { texts[0][index] = byte }
        headCount = begun.count
        orderEnd = begun.count + 2 + Order.byteCount
        var order = Order()
        order.kind = .exchange
        order.down = Order.unlimited
        order.write(to: texts[0].part(begun.count + 2..<orderEnd))
        let field = Array("X-Filler: aaaaaaaaaaaaaaaaaaaa\r\n".utf8)
        for index in 0..<HostileScript.fillSize { texts[1][index] = field[index % field.count] }
        self.texts = texts
        self.guesses = guesses
        guessCounts = Array(repeating: 0, count: script.count)
        self.script = script
        self.station = station
        timers = TimerHeap(capacity: 2 * script.count)
        random = Random(script.seed ^ 0x686f_7374)
    }

    /// The head but for its end.
    var begunHead: Extent { texts[0].part(0..<headCount) }
    /// The head and an order for a stream without end.
    var request: Extent { texts[0].part(0..<orderEnd) }
    /// Writes the head for the client in `slot` that guesses.
    mutating func makeGuess(_ slot: UInt32) {
        let text = Array(script.guess(random.next()).utf8)
        for (index, byte) in text.enumerated() { guesses[Int(slot)][index] = byte }
        guessCounts[Int(slot)] = text.count
    }

    /// The head of the client in `slot` that guesses.
    func guess(_ slot: UInt32) -> Extent {
        guesses[Int(slot)].part(0..<guessCounts[Int(slot)])
    }

    /// Many fields.
    var fields: Extent { texts[1].part(0..<HostileScript.fillSize) }

    /// The octet at `index` of a head that has no end.
    func octet(_ index: Int) -> Extent {
        if index < headCount { return texts[0].part(index..<index + 1) }
        let place = (index - headCount) % HostileScript.fillSize
        return texts[1].part(place..<place + 1)
    }
}

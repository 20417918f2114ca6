internal import Internet
internal import Kernel

/// What a client tunnel may use of its worker.
struct ClientServices: ~Copyable {
    let script: Script
    let control: Control
    /// Tunnels of this worker at once, and those of them that are being opened or proved, at most.
    let aliveMax: Int
    let openingMax: Int
    var station: Station
    var openings: Slab<Opening>
    /// A block for each opening.
    let blocks: Blocks
    /// The head of each user's CONNECT to each origin.
    private let heads: Blocks
    private let headCounts: [Int]
    var phase = Control.Phase.wait
    var isMeasuring = false
    /// When the first arrival of an open loop was due.
    var scheduleStart = Instant(nanoseconds: 0)
    /// Tunnels that don't stand yet, and tunnels that stand idle.
    var opening = 0
    var idle = 0
    /// When tunnels of a mix go on, and when their places are taken anew.
    var timers: TimerHeap
    /// What is drawn while nobody is in a place.
    var random: Random

    /// What worker `index` may use.
    init(
        _ script: Script,
        worker index: Int,
        _ control: Control,
        _ station: consuming Station
    ) throws(SystemError) {
        let aliveMax = script.aliveMax(ofWorker: index)
        let openingMax = script.openingMax(ofWorker: index)
        let openings = try Slab<Opening>(capacity: 2 * openingMax)
        let blocks = try Blocks(count: 2 * openingMax, blockSize: script.openingSize)
        let count = script.fields.count * script.origins.count
        let heads = try Blocks(count: count, blockSize: script.headMax)
        var counts: [Int] = []
        counts.reserveCapacity(count)
        for fields in script.fields {
            for origin in script.origins {
                let text = ClientServices.head(script, origin, fields)
                let head = heads[counts.count]
                for (place, byte) in text.enumerated() { head[place] = byte }
                counts.append(text.count)
            }
        }
        self.script = script
        self.aliveMax = aliveMax
        self.openingMax = openingMax
        self.control = control
        self.station = station
        self.openings = openings
        self.blocks = blocks
        self.heads = heads
        timers = TimerHeap(capacity: script.mix == nil ? 0 : 2 * aliveMax)
        random = Random(script.seed ^ 0x6d69_78)
        self.station.tally = Tally(script.mix)
        headCounts = counts
    }

    /// The head that asks for a tunnel to `origin`; nothing if nobody is asked.
    private static func head(_ script: Script, _ origin: Endpoint, _ fields: String) -> [UInt8] {
        guard case .proxy = script.route else { return [] }
        return Array("CONNECT \(origin) HTTP/1.1\r\nHost: \(origin)\r\n\(fields)\r\n".utf8)
    }

    /// Puts what tunnel `course.order.number` sends first into a block.
    ///
    /// - Returns: The opening and how many bytes of the stream it holds.
    mutating func open(_ course: Course, early: Int) -> (UInt32, Int) {
        guard let opening = openings.take({ _ in Opening() }) else {
            preconditionFailure("there is an opening for each tunnel that may be opened")
        }
        let block = blocks[Int(opening)]
        let number = course.order.number
        let index = script.user(number) * script.origins.count + script.origin(number)
        let head = headCounts[index]
        var count = head
        heads[index].part(0..<head).copy(to: block)
        if script.hasOwnOrigin {
            course.order.write(to: block.part(count..<count + Order.byteCount))
            count += Order.byteCount
        }
        let bytes = station.pattern.slice(start: course.order.start, position: 0, count: early)
        bytes.copy(to: block.part(count..<count + early))
        count += early
        let ready = course.early == nil ? head : count
        openings[opening] = Opening(count: count, ready: ready, sent: 0)
        return (opening, early)
    }

    /// Where the first bytes of an opening stand that have not been sent.
    func unsent(_ opening: UInt32) -> Extent {
        let state = openings[opening]
        return blocks[Int(opening)].part(state.sent..<state.ready)
    }
}

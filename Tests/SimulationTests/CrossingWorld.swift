import Internet
import Kernel
import Proxy

/// Everything between and beside the two ends of the tunnel without CONNECT: connections, programs,
/// the servers that they want, a proxy on the way, and the time.
final class CrossingWorld {
    /// What a node has submitted, and what has come of it.
    struct Node {
        var submissions: [Submission] = []
        var arrived: [Completion] = []
        var completions: [Completion] = []
        var completionHead = 0
        var deadline: Instant?
        /// Whether it has to look again: something came when it looked last.
        var isDirty = true
        /// Clients that wait on its listener.
        var backlog: [Int] = []
        var isListening = true
        /// Looks without the time moving on.
        var looks = 0
    }

    static let firstDescriptor: Int32 = 1_000_000
    static let client = 0
    static let server = 1

    let scenario: CrossingScenario
    var dice: Dice
    var clock: UInt64 = 1_000_000_000
    let began: UInt64 = 1_000_000_000
    var failure: String?
    var nodes = [Node(), Node()]
    var plugs: [Plug] = []
    var moments = Moments()
    var peers: [CrossingPeer] = []
    var ferries: [Ferry] = []
    /// An answer that came whole, for a proxy that mixes them up.
    var keptAnswer: [UInt8] = []
    /// The buffers of the server.
    let memory: Blocks
    var provided: [UInt16] = []
    /// Whether nothing is done to connections, yet or any more: a client that finds no server at
    /// its start ends.
    var isCalm = true

    init(_ scenario: CrossingScenario) throws {
        self.scenario = scenario
        dice = scenario.dice
        let configuration = scenario.configuration
        memory = try Blocks(count: configuration.buffers, blockSize: configuration.bufferSize)
        if let sleepsAt = scenario.sleepsAt { moments.add(began + sleepsAt + scenario.sleep) }
        for life in scenario.lives.indices {
            peers.append(CrossingPeer(life, isProgram: true, scenario.lives[life], clock))
            moments.add(peers[life].actsAt)
        }
    }

    func fail(_ reason: String) {
        if failure == nil { failure = reason }
    }

    var weather: CrossingScenario.Weather { isCalm ? .init() : scenario.weather }

    // MARK: Descriptors

    func descriptor(_ plug: Int) -> Int32 { Self.firstDescriptor + Int32(plug) }

    /// The listener of `node`.
    static func listener(_ node: Int) -> Int32 { Int32(500_000 + node) }

    /// The plug of an open descriptor of `node`; nil, and a failure, if there is none.
    func plug(_ descriptor: Int32, _ node: Int, _ use: String) -> Int? {
        let plug = Int(descriptor) - Int(Self.firstDescriptor)
        guard plugs.indices.contains(plug), plugs[plug].isOpen, plugs[plug].owner == .node(node)
        else {
            fail("\(use) on a descriptor that node \(node) doesn't have")
            return nil
        }
        return plug
    }

    func openPlugs(of node: Int) -> Int {
        plugs.count { $0.isOpen && $0.owner == .node(node) }
    }

    func makePlug(_ owner: Plug.Owner) -> Int {
        plugs.append(Plug(owner: owner))
        return plugs.count - 1
    }

    // MARK: Connections

    /// Connects `plug` to a new one of `owner`, which is returned.
    func link(_ plug: Int, to owner: Plug.Owner, isOuter: Bool) -> Int {
        let other = makePlug(owner)
        let capacity = dice.pick([700, 5000, 65536])
        for (own, its) in [(plug, other), (other, plug)] {
            plugs[own].other = its
            plugs[own].incoming = Wire(capacity: capacity)
            plugs[own].isOuter = isOuter
        }
        return other
    }

    /// Connects `plug` to the listener of `node`; whether that listens.
    func connect(_ plug: Int, toNode node: Int, isOuter: Bool) -> Bool {
        guard nodes[node].isListening else { return false }
        nodes[node].backlog.append(link(plug, to: .node(node), isOuter: isOuter))
        moments.add(clock + 1)
        return true
    }

    /// When something that happens now at `plug` is known at the other end.
    func arrival(_ plug: Int) -> UInt64 {
        let most = plugs[plug].isOuter ? weather.delay : 1000
        return clock + 1 + UInt64(dice.below(Int(most)))
    }

    /// When something more is known at `plug` than now.
    func nextArrival(_ plug: Int) -> UInt64 {
        let reset = plugs[plug].resetTime.map { $0 > clock ? $0 : .max } ?? .max
        return min(plugs[plug].incoming.nextArrival(clock), reset)
    }

    func isReset(_ plug: Int) -> Bool { plugs[plug].resetTime.map { $0 <= clock } ?? false }

    /// Bytes that can be written to `plug` now.
    func room(_ plug: Int) -> Int {
        let other = plugs[plug].other
        return other >= 0 ? plugs[other].incoming.room : 0
    }

    func available(_ plug: Int) -> Int { plugs[plug].incoming.available(clock) }

    func isAtEnd(_ plug: Int) -> Bool { plugs[plug].incoming.isAtEnd(clock) }

    /// Writes `count` bytes, for which there is room; the network may break the connection.
    func write(_ plug: Int, _ count: Int, _ byte: (Int) -> UInt8) {
        let other = plugs[plug].other
        let time = arrival(plug)
        guard plugs[other].isOpen else {
            // Nobody is there any more.
            plugs[plug].resetTime = plugs[plug].resetTime ?? time
            return note(plug, time)
        }
        carry(count, from: plug, to: other, at: time, byte)
        guard plugs[plug].isOuter, dice.chance(weather.broken) else { return }
        for end in [plug, other] {
            let time = arrival(end)
            plugs[end].resetTime = min(plugs[end].resetTime ?? .max, time)
            note(end, time)
        }
    }

    /// Lets `count` bytes arrive at `other`, at once or as slowly as the network is.
    private func carry(
        _ count: Int,
        from plug: Int,
        to other: Int,
        at time: UInt64,
        _ byte: (Int) -> UInt8
    ) {
        guard plugs[plug].isOuter, let rate = weather.rate else {
            plugs[other].incoming.write(count, at: time, byte)
            return note(other, time)
        }
        var start = 0
        while start < count {
            let piece = min(count - start, 1000)
            let begun = max(time, plugs[other].incoming.lastArrival)
            let time = begun + UInt64(piece) * 1_000_000_000 / rate
            plugs[other].incoming.write(piece, at: time) { byte(start + $0) }
            note(other, time)
            start += piece
        }
    }

    /// Takes `count` bytes that are available.
    func read(_ plug: Int, _ count: Int, _ body: (Int, UInt8) -> Void) {
        plugs[plug].incoming.read(count, body)
        note(plugs[plug].other, clock + 1)
    }

    func finish(_ plug: Int) {
        let other = plugs[plug].other
        let time = arrival(plug)
        plugs[other].incoming.finish(at: time)
        note(other, time)
    }

    /// Closes `plug`; by a reset if it is to be one, or bytes were not read.
    func close(_ plug: Int, abortive: Bool = false) {
        guard plugs[plug].isOpen else { return }
        plugs[plug].isOpen = false
        let other = plugs[plug].other
        guard other >= 0 else { return }
        let isUnread = plugs[plug].incoming.writtenCount > plugs[plug].incoming.readCount
        guard abortive || plugs[plug].isAbortive || isUnread else { return finish(plug) }
        let time = arrival(plug)
        plugs[other].resetTime = min(plugs[other].resetTime ?? .max, time)
        note(other, time)
    }

    /// Something happens at `plug`, at `time`: whoever acts there looks.
    private func note(_ plug: Int, _ time: UInt64) {
        moments.add(time)
        if plugs[plug].peer >= 0 {
            peers[plugs[plug].peer].actsAt = min(peers[plugs[plug].peer].actsAt, time)
        }
        if plugs[plug].ferry >= 0 {
            ferries[plugs[plug].ferry].actsAt = min(ferries[plugs[plug].ferry].actsAt, time)
        }
    }

    // MARK: Time

    /// Lets all who act by hand do what is due.
    func act() {
        for index in peers.indices where peers[index].actsAt <= clock { actPeer(index) }
        var index = 0
        while index < ferries.count {
            if ferries[index].actsAt <= clock { actFerry(index) }
            index += 1
        }
    }

    /// Moves on to the next moment; false if there is none.
    func advance(until limit: UInt64) -> Bool {
        var next = moments.next(after: clock) ?? .max
        for node in nodes.indices where !isAsleep(node) {
            if let deadline = nodes[node].deadline {
                next = min(next, max(deadline.nanoseconds, clock + 1))
            }
        }
        guard next < .max, next < limit else { return false }
        clock = next
        for node in nodes.indices { nodes[node].looks = 0 }
        return true
    }

    /// Whether the machine of `node` sleeps.
    func isAsleep(_ node: Int) -> Bool {
        guard node == Self.client, let sleepsAt = scenario.sleepsAt else { return false }
        let start = began + sleepsAt
        return (start..<(start + scenario.sleep)).contains(clock)
    }
}

internal import Kernel

/// One thread's clients: opens its share of the tunnels, and has each do what the scenario says.
struct ClientWorker: ~Copyable {
    var client: ClientServices
    var tunnels: Slab<ClientTunnel>
    let index: Int
    /// Tunnels that have been begun.
    private var begun = 0
    /// Messages of an open loop that have been handed to their tunnels.
    var handedOut: UInt64 = 0
    /// Places of a mix that are to be taken now, of each kind.
    var vacant = InlineArray<4, Int>(repeating: 0)
    /// The slot that the present phase looks at next.
    private var cursor = 0
    private var nextLook: Instant

    init(_ index: Int, _ client: consuming ClientServices) throws(SystemError) {
        let tunnels = try Slab<ClientTunnel>(capacity: client.aliveMax)
        self.index = index
        self.tunnels = tunnels
        nextLook = client.station.now
        self.client = client
    }

    /// Works until the engine says to stop; what it has measured.
    consuming func run() -> Tally {
        while client.phase != .stop || tunnels.count > 0 { turn() }
        client.station.wait(count: 0)
        return client.station.tally
    }

    private mutating func turn() {
        client.isMeasuring = client.control.isMeasuring
        followTimers()
        let hasMoreToOpen = open()
        handOut()
        let isBusy = sweep() || hasMoreToOpen
        client.station.counters.alive.set(tunnels.count)
        let next = Instant.earlier(nextDue, client.timers.next)
        client.station.wait(count: isBusy ? 0 : 1, until: next)
        while let completion = client.station.queue.nextCompletion() { dispatch(completion) }
        failStalled()
    }

    private mutating func dispatch(_ completion: Completion) {
        let token = Token(rawValue: completion.token)
        switch token.operation {
        case .bell: hear()
        case .connect, .send, .room, .receive, .watch, .cancel:
            precondition(tunnels[token.slot].conduit.generation == token.generation)
            tunnels[token.slot].handle(token.operation, completion, &client)
            releaseIfFree(token.slot)
        case .accept, .endAccept, .close: preconditionFailure("nothing of a client")
        }
    }

    mutating func releaseIfFree(_ slot: UInt32) {
        guard tunnels[slot].state == .free else { return }
        leavePlace(tunnels[slot].course.kind)
        tunnels.release(slot)
    }

    // MARK: Opening

    /// Tunnels that are begun in one turn, at most: what else happens is seen to between turns.
    private static var begunAtOnce: Int { 512 }

    private var mayOpen: Bool { hasRoom && isDue }

    /// Whether a tunnel could be opened now, if one is due.
    var hasRoom: Bool {
        let script = client.script
        let last: Control.Phase = script.scenario.isStreaming ? .go : .open
        let isTime = (client.phase >= .open && client.phase <= last) || mayServeLine
        return isTime && tunnels.count < client.aliveMax && client.opening < client.openingMax
            && client.openings.count < client.openings.capacity
            && (script.tunnels == 0 || nextNumber < script.tunnels)
    }

    var nextNumber: Int { index + begun * client.script.workers }

    /// Opens what may be opened now; whether more could be opened at once.
    private mutating func open() -> Bool {
        var hasSocket = true
        for _ in 0..<ClientWorker.begunAtOnce {
            guard mayOpen else { return false }
            let course = nextCourse()
            let taken = tunnels.take { ClientTunnel(slot: $0, course: course) }
            guard let slot = taken else { return false }
            begun += 1
            tunnels[slot].begin(course, &client)
            hasSocket = tunnels[slot].state != .free
            releaseIfFree(slot)
        }
        // Where there is no socket, there is none a moment later.
        return hasSocket && mayOpen
    }

    // MARK: Phases

    private mutating func hear() {
        client.station.hear()
        guard client.phase != client.control.phase else { return }
        client.phase = client.control.phase
        client.scheduleStart = client.control.scheduleStart
        if client.phase == .open { setUpPlaces() }
        cursor = 0
    }

    /// Has tunnels do what the present phase asks; whether some could go on at once.
    private mutating func sweep() -> Bool {
        guard client.phase > .open else { return false }
        // What was due in time is still carried.
        if client.phase == .finish, hasMessagesToCome { return false }
        for _ in 0..<1024 {
            guard cursor < tunnels.used, mayGoOn else { return false }
            advance(UInt32(truncatingIfNeeded: cursor))
            cursor += 1
        }
        return true
    }

    /// Whether one more tunnel may leave its idle stand, be it to be proved or to be closed.
    private var mayGoOn: Bool {
        guard client.phase < .stop, client.script.scenario == .hold else { return true }
        return tunnels.count - client.idle < client.openingMax
    }

    private mutating func advance(_ slot: UInt32) {
        switch (client.phase, tunnels[slot].state) {
        case (.stop, .free), (.stop, .closing): return
        case (.stop, _): tunnels[slot].drop(&client)
        case (.go, .idle) where client.script.schedule == nil: tunnels[slot].run(&client)
        case (.finish, .idle) where client.script.mix != nil: tunnels[slot].wake(&client)
        case (.finish, .idle): tunnels[slot].end(&client)
        case (.finish, .running) where client.script.scenario == .bulk: tunnels[slot].end(&client)
        default: return
        }
        releaseIfFree(slot)
    }

    // MARK: Time

    private mutating func failStalled() {
        let now = client.station.now
        guard now >= nextLook else { return }
        nextLook = now + 250_000_000
        for index in 0..<tunnels.used {
            let slot = UInt32(truncatingIfNeeded: index)
            guard tunnels[slot].state != .free else { continue }
            tunnels[slot].failIfStalled(&client)
            releaseIfFree(slot)
        }
    }
}

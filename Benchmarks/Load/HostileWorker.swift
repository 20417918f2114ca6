internal import Kernel

/// One thread's hostile clients: each place is for one behaviour, again and again.
struct HostileWorker: ~Copyable {
    private var services: HostileServices
    private var clients: Slab<HostileClient>
    private let control: Control
    private var phase = Control.Phase.wait

    private static var placeBit: UInt64 { 1 << 63 }

    init(_ services: consuming HostileServices, _ control: Control) throws(SystemError) {
        clients = try Slab(capacity: services.script.count)
        self.services = services
        self.control = control
    }

    /// Works until the engine says to stop; what came of the clients.
    consuming func run() -> Tally {
        while phase != .stop || clients.count > 0 { turn() }
        services.station.wait(count: 0)
        return services.station.tally
    }

    private mutating func turn() {
        followTimers()
        services.station.counters.alive.set(clients.count)
        services.station.wait(count: 1, until: services.timers.next)
        while let completion = services.station.queue.nextCompletion() { dispatch(completion) }
    }

    private mutating func dispatch(_ completion: Completion) {
        let token = Token(rawValue: completion.token)
        switch token.operation {
        case .bell: hear()
        case .connect, .send, .room, .receive, .watch, .cancel:
            precondition(clients[token.slot].conduit.generation == token.generation)
            clients[token.slot].handle(token.operation, completion, &services)
            releaseIfFree(token.slot)
        case .accept, .endAccept, .close: preconditionFailure("nothing of a client")
        }
    }

    private mutating func hear() {
        services.station.hear()
        guard phase != control.phase else { return }
        phase = control.phase
        if phase == .go { setPlaces() }
        guard phase == .stop else { return }
        for index in 0..<clients.used {
            let slot = UInt32(truncatingIfNeeded: index)
            guard clients[slot].state != .free else { continue }
            let isStanding = clients[slot].state == .standing
            clients[slot].end(isStanding ? "open to the end" : "not answered", &services)
            releaseIfFree(slot)
        }
    }

    private mutating func releaseIfFree(_ slot: UInt32) {
        guard clients[slot].state == .free else { return }
        clients.release(slot)
        guard phase == .go, let place = services.script.place(of: clients[slot].kind) else {
            return
        }
        setPlace(place, after: services.script.interval)
    }

    // MARK: Places

    private mutating func setPlaces() {
        for index in 0..<services.script.count {
            let place = index % services.script.kinds.count
            setPlace(place, after: services.random.below(services.script.interval))
        }
    }

    private mutating func setPlace(_ place: Int, after nanoseconds: UInt64) {
        let payload = HostileWorker.placeBit | UInt64(place)
        services.timers.set(payload, at: services.station.now + nanoseconds)
    }

    private mutating func followTimers() {
        while let payload = services.timers.take(at: services.station.now) {
            if payload & HostileWorker.placeBit != 0 {
                if phase == .go { open(services.script.kinds[Int(payload & 0xff)]) }
                continue
            }
            let slot = UInt32(truncatingIfNeeded: payload)
            let generation = UInt16(truncatingIfNeeded: payload >> 32)
            // It may have ended meanwhile.
            guard clients[slot].conduit.generation == generation, clients[slot].state != .free
            else { continue }
            clients[slot].goOn(&services)
            releaseIfFree(slot)
        }
    }

    private mutating func open(_ kind: Hostility) {
        guard let slot = clients.take({ HostileClient(slot: $0, kind) }) else {
            preconditionFailure("there is a slot for each place")
        }
        clients[slot].begin(kind, &services)
        releaseIfFree(slot)
    }
}

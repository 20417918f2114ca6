internal import Kernel

/// One thread's origin: accepts, and does what each client orders.
struct OriginWorker: ~Copyable {
    private var origin: OriginServices
    private var tunnels: Slab<OriginTunnel>
    /// Listening sockets, and which of the origin's endpoints each is.
    private let listeners: [Int32]
    private let endpoints: [Int]
    /// Listeners whose accept has ended, for want of something.
    private var unarmed: [Int] = []
    private var isStopping = false

    init(
        _ origin: consuming OriginServices,
        listeners: [Int32],
        endpoints: [Int],
        capacity: Int
    ) throws(SystemError) {
        let tunnels = try Slab<OriginTunnel>(capacity: capacity)
        self.tunnels = tunnels
        self.origin = origin
        self.listeners = listeners
        self.endpoints = endpoints
        for index in listeners.indices { accept(index) }
    }

    /// Works until the engine says to stop; what it has seen.
    consuming func run() -> Tally {
        while !isStopping || tunnels.count > 0 { turn() }
        origin.station.wait(count: 0)
        return origin.station.tally
    }

    private mutating func turn() {
        origin.station.counters.alive.set(tunnels.count)
        origin.station.wait(count: 1)
        while let completion = origin.station.queue.nextCompletion() { dispatch(completion) }
    }

    private mutating func dispatch(_ completion: Completion) {
        let token = Token(rawValue: completion.token)
        switch token.operation {
        case .bell: hear()
        case .endAccept: break
        case .accept: didAccept(Int(token.slot), completion)
        case .send, .room, .receive, .watch, .cancel:
            precondition(tunnels[token.slot].conduit.generation == token.generation)
            tunnels[token.slot].handle(token.operation, completion, &origin)
            releaseIfFree(token.slot)
        case .connect, .close: preconditionFailure("nothing of an origin")
        }
    }

    private mutating func releaseIfFree(_ slot: UInt32) {
        guard tunnels[slot].state == .free else { return }
        tunnels.release(slot)
        while let index = unarmed.popLast() { accept(index) }
    }

    private mutating func accept(_ index: Int) {
        let token = Token(.accept, slot: UInt32(truncatingIfNeeded: index))
        origin.station.queue.accept(on: listeners[index], token: token.rawValue)
    }

    private mutating func didAccept(_ index: Int, _ completion: Completion) {
        if completion.result >= 0 {
            take(completion.result, at: endpoints[index])
        } else if !isStopping {
            let failure = Failure(
                .origin,
                .connecting,
                .noSocket,
                ErrorName.text("accept", -completion.result)
            )
            origin.station.tally.add(failure, "a client of the origin")
        }
        guard !completion.hasMore, !isStopping else { return }
        // Out of descriptors it would fail again at once.
        if completion.result >= 0 { accept(index) } else { unarmed.append(index) }
    }

    private mutating func take(_ socket: Int32, at endpoint: Int) {
        guard !isStopping, let slot = tunnels.take({ OriginTunnel(slot: $0) }) else {
            return Socket.close(socket)
        }
        tunnels[slot].begin(socket, at: endpoint, &origin)
        releaseIfFree(slot)
    }

    private mutating func hear() {
        origin.station.hear()
        guard origin.control.phase == .stop, !isStopping else { return }
        isStopping = true
        for index in listeners.indices {
            let target = Token(.accept, slot: UInt32(truncatingIfNeeded: index))
            origin.station.queue.cancel(target.rawValue, token: Token(.endAccept).rawValue)
        }
        for index in 0..<tunnels.used {
            let slot = UInt32(truncatingIfNeeded: index)
            guard tunnels[slot].state != .free else { continue }
            tunnels[slot].drop(&origin)
            releaseIfFree(slot)
        }
    }
}

internal import Kernel
internal import MethodTunnel
internal import Resolver

/// Passing clients on to other workers, and taking those that others pass on.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    /// Whether clients are on their way here.
    var areComing: Bool { balance?.areComing(to: services.index) ?? false }

    /// Serves `client`, or passes it on.
    mutating func welcome(_ client: Int32) {
        let isPassedOn = passOn(client)
        if !isPassedOn { take(client) }
        switch steering?.didAccept(passedOn: isPassedOn, services.now) {
        case .asBefore, nil: break
        case .clients(let cpu): prefer(cpu)
        case .anyClients: prefer(nil)
        }
    }

    /// Asks the kernel for the clients whose packets `cpu` handles; nil: for any.
    mutating func prefer(_ cpu: Int?) { listener.prefer(cpu: cpu, &services.queue) }

    /// Passes `client` on if another worker has clearly fewer tunnels; whether it did.
    private mutating func passOn(_ client: Int32) -> Bool {
        guard let balance, !services.isDraining else { return false }
        let target = balance.target(
            from: services.index,
            tunnels: tunnels.count,
            occupancy,
            services.now,
            turn: &balanceTurn
        )
        guard let target, balance.depart(to: target) else { return false }
        guard
            services.queue.pass(
                Sockets(client: client),
                with: carrierMemory.passed.part(0..<0),
                through: balance.entry(of: target)
            ) == 0
        else {
            balance.arrive(at: target)
            return false
        }
        services.counters.passedOn.add()
        services.queue.close(client, token: Token(.close).rawValue)
        return true
    }

    /// Tells the other workers how many tunnels are here.
    func publishLoad() {
        balance?.publish(
            services.index,
            tunnels: tunnels.count,
            mean: occupancy.mean,
            hasDescriptor: services.hasDescriptor,
            services.now
        )
    }

    mutating func watchPassed() {
        guard let balance else { return }
        let token = Token(.passed).rawValue
        services.queue.watch(balance.exit(of: services.index), events: .readable, token: token)
    }

    mutating func didPass(_ completion: Completion) {
        if !completion.hasMore { watchPassed() }
        takePassed()
    }

    /// Takes all clients and requests that have been passed on to here.
    mutating func takePassed() {
        guard let balance else { return }
        while true {
            let passed = services.queue.takePassed(
                from: balance.exit(of: services.index),
                into: carrierMemory.passed
            )
            switch passed.sockets.client {
            case 0... where passed.sockets.upstream >= 0:
                takeOver(passed.sockets, passed.byteCount)
            case 0... where passed.byteCount > 0:
                takeRequest(passed.sockets.client, passed.byteCount)
            case 0...: take(passed.sockets.client)
            // It came, but the table had no room for it.
            case -Errno.tooManyFiles: services.counters.shed.add()
            case -Errno.interrupted: continue
            default: return
            }
            publishLoad()
            balance.arrive(at: services.index)
        }
    }

    // MARK: Requests

    /// The worker that has, or is to have, the session of `id`.
    func home(of id: SessionID) -> Int { id.home(of: balance?.workerCount ?? 1) }

    /// Passes a carrier whose request is of a session of worker `target` on to that one, with all
    /// that has been read of the request; whether it did.
    mutating func pass(_ slot: UInt32, to target: Int) -> Bool {
        guard let balance else { return false }
        precondition(carriers[slot].inFlight == 0, "a carrier is passed on that isn't at rest")
        let input = carrierMemory.input(slot).part(0..<carriers[slot].received)
        guard balance.departToSession(at: target) else { return false }
        let status = services.queue.pass(
            Sockets(client: carriers[slot].descriptor),
            with: input,
            through: balance.entry(of: target)
        )
        guard status == 0 else {
            balance.arrive(at: target)
            return false
        }
        services.counters.passedOn.add()
        if services.gate != nil { input.clear() }
        carriers[slot].outcome = nil
        terminateCarrier(slot)
        return true
    }

    /// Takes a request over that is of a session here, with the first `count` bytes of it.
    private mutating func takeRequest(_ client: Int32, _ count: Int) {
        services.counters.accepted.add()
        let memory = carrierMemory.passed.part(0..<count)
        defer { if services.gate != nil { memory.clear() } }
        guard services.hasDescriptor, let slot = carriers.take({ Carrier(slot: $0) }) else {
            services.counters.ended.add()
            return sendAway(client)
        }
        services.descriptorCount += 1
        memory.copy(to: carrierMemory.input(slot))
        let peer = services.keepsRecords ? services.queue.peer(of: client) : nil
        carriers[slot].begin(client, peer, services.now)
        begin(slot, count)
    }
}

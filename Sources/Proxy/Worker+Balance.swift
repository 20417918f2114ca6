internal import Kernel
internal import Resolver

/// Passing clients on to other workers, and taking those that others pass on.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    /// Whether clients are on their way here.
    var areComing: Bool { balance?.areComing(to: services.index) ?? false }

    /// Passes `client` on if another worker has clearly fewer tunnels; whether it did.
    mutating func passOn(_ client: Int32) -> Bool {
        guard let balance, !services.isDraining else { return false }
        let target = balance.target(
            from: services.index,
            tunnels: tunnels.count,
            turn: &balanceTurn
        )
        guard let target, balance.depart(to: target) else { return false }
        guard services.queue.pass(client, through: balance.entry(of: target)) == 0 else {
            balance.arrive(at: target)
            return false
        }
        services.counters.passedOn.add()
        services.queue.close(client, token: Token(.close).rawValue)
        return true
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

    /// Takes all clients that have been passed on to here.
    mutating func takePassed() {
        guard let balance else { return }
        while true {
            let client = services.queue.takePassed(from: balance.exit(of: services.index))
            switch client {
            case 0...: take(client)
            // It came, but the table had no room for it.
            case -Errno.tooManyFiles: services.counters.shed.add()
            case -Errno.interrupted: continue
            default: return
            }
            balance.publish(services.index, tunnels: tunnels.count)
            balance.arrive(at: services.index)
        }
    }
}

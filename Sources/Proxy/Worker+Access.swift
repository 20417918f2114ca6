internal import Connect
internal import Kernel
internal import Policy
internal import Resolver

/// New rules and users, while tunnels are open.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    /// From now on it is `access` that is asked.
    ///
    /// Openings are judged anew; tunnels that are open stay, unless what is forbidden is to end.
    mutating func adopt(_ access: Access) {
        if let rules = access.rules { services.adopt(rules) }
        for index in 0..<tunnels.used {
            let slot = UInt32(truncatingIfNeeded: index)
            if access.rules != nil, tunnels[slot].isLimited {
                tunnels[slot].renewRates(&services)
            }
            switch tunnels[slot].state {
            case .resolving, .dialling, .askingParent:
                tunnels[slot].judgeAnew(access, &services)
            case .answering, .readingHello, .relaying:
                guard services.terms.configuration.enforcesOnReload,
                    services.forbids(slot, access)
                else { continue }
                tunnels[slot].stop(.forbidden, &services)
            case .free, .readingHead, .identifying, .refusing, .closing, .handingOver: continue
            }
            releaseIfFree(slot)
        }
    }
}

extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    /// There are new rules or users since this opening was judged.
    fileprivate mutating func judgeAnew(_ access: Access, _ worker: inout Worker) {
        if worker.isRevoked(slot, access) { return refuse(.credentialsWrong, &worker) }
        guard access.rules != nil, let opening, let authority = worker.authority(of: slot)
        else { return }
        worker.openings[opening].isJudgedAnew = true
        if let refusal = worker.judge(authority, of: slot, opening) {
            return refuse(refusal, &worker)
        }
        keepParent(port: authority.port, &worker)
    }
}

internal import Connect
internal import Internet
internal import Kernel
internal import Policy
internal import Relay
internal import Resolver

/// From a host to a connected upstream: filter every address, then race those that are allowed
/// (RFC 8305). What is dialled is exactly what was checked.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    /// How long a first IPv4 answer waits for the IPv6 one (RFC 8305 section 3).
    private static var resolutionDelay: UInt64 { 50_000_000 }
    /// How long an opening may take before its client is watched for having gone: most are faster,
    /// and need no poll.
    private static var patience: UInt64 { 100_000_000 }

    // MARK: Resolving

    /// The resolver has news for this tunnel.
    mutating func namesMoved(_ worker: inout Worker) {
        guard let opening, worker.openings[opening].isWaiting else { return }
        didResolve(worker.names.answer(for: slot), &worker)
    }

    mutating func didResolve(_ answer: NameAnswer, _ worker: inout Worker) {
        guard let opening else { return }
        if answer.v6 != .pending, !worker.openings[opening].hasTaken6 {
            worker.openings[opening].hasTaken6 = true
            consider(answer.v6, answer.v6Addresses, &worker)
        }
        if answer.v4 != .pending, !worker.openings[opening].hasTaken4 {
            worker.openings[opening].hasTaken4 = true
            consider(answer.v4, answer.v4Addresses, &worker)
        }
        if answer.isComplete {
            worker.openings[opening].isResolved = true
            stopWaiting(&worker)
        }
        switch state {
        case .resolving: dialWhenReady(answer, &worker)
        case .dialling: attemptIfDue(&worker)
        default: break
        }
    }

    private mutating func dialWhenReady(_ answer: NameAnswer, _ worker: inout Worker) {
        guard let opening else { return }
        let isReady =
            answer.isComplete
            || (answer.v6 != .pending && !worker.openings[opening].candidates.isEmpty)
        if isReady {
            worker.endPhase(.resolve, of: slot)
            return beginDialling(&worker)
        }
        if !worker.openings[opening].candidates.isEmpty {
            // IPv4 came first: give IPv6 a moment.
            worker.openings[opening].dialFrom = worker.now + Tunnel.resolutionDelay
        }
        setOpeningTimer(&worker, worker.openings[opening].dialFrom)
    }

    /// Takes the addresses of one family that may be dialled.
    private mutating func consider(
        _ family: FamilyAnswer,
        _ addresses: AddressList,
        _ worker: inout Worker
    ) {
        guard let opening else { return }
        switch family {
        case .pending: break
        case .addresses:
            for index in 0..<addresses.count { consider(addresses[index], &worker) }
        case .none: worker.openings[opening].note(.noAddresses)
        case .notFound: worker.openings[opening].note(.nameNotFound)
        case .failed: worker.openings[opening].note(.nameServerFailure)
        case .timedOut: worker.openings[opening].note(.resolveTimeout)
        }
    }

    /// Makes `address` a candidate if policy allows it.
    mutating func consider(_ address: Address, _ worker: inout Worker) {
        guard let opening else { return }
        let address = address.unmapped
        let judgement = worker.judge(address, opening)
        switch judgement.verdict {
        case .refused(let refusal):
            if worker.openings[opening].note(refusal) { worker.keep(judgement.decision, of: slot) }
            return
        case .allowedUnlessLocal where worker.queue.isLocal(address):
            worker.openings[opening].note(.ownListener)
            return
        case .allowed, .allowedUnlessLocal:
            break
        }
        worker.openings[opening].candidates.insert(address)
    }

    mutating func stopWaiting(_ worker: inout Worker) {
        guard let opening, worker.openings[opening].isWaiting else { return }
        worker.openings[opening].isWaiting = false
        worker.names.release(waiter: slot)
    }

    // MARK: Dialling

    mutating func beginDialling(_ worker: inout Worker) {
        guard let opening else { return }
        state = .dialling
        let deadline = worker.now + worker.terms.configuration.connectTimeout
        worker.openings[opening].deadline = deadline
        worker.openings[opening].nextAttempt = worker.now
        attemptIfDue(&worker)
    }

    /// Starts the next attempt if one is due, or gives up if nothing is left to hope for.
    private mutating func attemptIfDue(_ worker: inout Worker) {
        guard let opening, state == .dialling else { return }
        while mayAttempt(worker) {
            guard let address = worker.openings[opening].candidates.next() else { break }
            attempt(address, &worker)
            guard state == .dialling else { return }
        }
        let hasCandidate = !worker.openings[opening].candidates.isEmpty
        if hasCandidate, worker.openings[opening].nextAttempt <= worker.now { makeRoom(&worker) }
        let isHopeless = worker.openings[opening].attemptCount == 0 && !hasCandidate
        if isHopeless, worker.openings[opening].isResolved {
            return refuse(worker.openings[opening].failure ?? .noAddresses, &worker)
        }
        setOpeningTimer(&worker, hasCandidate ? worker.openings[opening].nextAttempt : nil)
    }

    /// Whether an address may be tried now: beside others only as long as there are descriptors.
    private func mayAttempt(_ worker: borrowing Worker) -> Bool {
        guard let opening, !worker.openings[opening].candidates.isEmpty else { return false }
        guard worker.openings[opening].attemptCount > 0 else { return true }
        guard worker.openings[opening].nextAttempt <= worker.now, worker.hasDescriptor else {
            return false
        }
        return worker.openings[opening].attemptCount < Opening.attemptsMax
    }

    /// An address waits for its turn: the oldest attempt is given up for it if all that may run at
    /// once do.
    private mutating func makeRoom(_ worker: inout Worker) {
        guard let opening else { return }
        let delay = worker.terms.configuration.attemptDelay
        worker.openings[opening].nextAttempt = worker.now + delay
        guard worker.openings[opening].attemptCount == Opening.attemptsMax,
            let oldest = worker.openings[opening].oldestAttempt()
        else { return }
        worker.openings[opening].note(.connectTimeout)
        worker.openings[opening].attemptStarts[oldest] = Instant(nanoseconds: .max)
        cancel(.connect, detail: UInt8(oldest), &worker)
    }

    private mutating func attempt(_ address: Address, _ worker: inout Worker) {
        guard let opening, worker.stillAllows(address, of: slot, opening) else { return }
        guard worker.hasDescriptor else {
            worker.openings[opening].note(.outOfDescriptors)
            return
        }
        let decision = worker.decision(for: address, opening)
        if worker.openings[opening].parent < 0, let route = worker.route(decision) {
            // The first address decides; it isn't raced with others that are reached straight.
            guard worker.openings[opening].attemptCount == 0 else { return }
            return turn(to: route.parent, by: route.decision, asking: address, &worker)
        }
        guard beCounted(by: decision, &worker) else { return }
        let source: Address?
        switch worker.source(address.family, decision) {
        case .any: source = nil
        case .address(let own): source = own
        case .none:
            worker.openings[opening].note(.noSource)
            return worker.keep(decision, of: slot)
        }
        let endpoint = Endpoint(address, port: worker.openings[opening].port)
        worker.noteAttempt(at: endpoint, of: slot)
        let socket = worker.queue.makeSocket(
            address.family,
            source: source,
            options: worker.terms.sockets[address]
        )
        guard socket >= 0 else {
            return noteFailure(-socket, &worker)
        }
        worker.descriptorCount += 1
        worker.keep(decision, of: slot)
        for index in 0..<Opening.attemptsMax where worker.openings[opening].attempts[index] < 0 {
            worker.openings[opening].attempts[index] = socket
            worker.openings[opening].attemptEndpoints[index] = endpoint
            worker.openings[opening].attemptStarts[index] = worker.now
            worker.openings[opening].attemptCount += 1
            let delay = worker.terms.configuration.attemptDelay
            worker.openings[opening].nextAttempt = worker.now + delay
            worker.queue.connect(socket, to: endpoint, token: submitted(.connect, UInt8(index)))
            return
        }
    }

    /// An attempt has failed with `code`.
    private func noteFailure(_ code: Int32, _ worker: inout Worker) {
        guard let opening else { return }
        worker.openings[opening].note(Tunnel.refusal(code: code), code: code)
    }

    mutating func didConnect(_ index: Int, _ result: Int32, _ worker: inout Worker) {
        guard let opening else { preconditionFailure("an attempt without an opening") }
        let socket = worker.openings[opening].attempts[index]
        worker.openings[opening].attempts[index] = -1
        worker.openings[opening].attemptCount -= 1
        guard state == .dialling, result == 0 else {
            close(socket, &worker)
            guard state == .dialling else { return releaseOpeningIfDone(&worker) }
            noteFailure(-result, &worker)
            worker.openings[opening].nextAttempt = worker.now
            return attemptIfDue(&worker)
        }
        let dialled = worker.openings[opening].attemptEndpoints[index]
        guard worker.stillAllows(dialled.address, of: slot, opening) else {
            close(socket, &worker)
            worker.openings[opening].nextAttempt = worker.now
            return attemptIfDue(&worker)
        }
        let decision = worker.decision(for: dialled.address, opening)
        // By rules that came meanwhile it would go by way of a parent.
        if worker.openings[opening].isJudgedAnew, worker.openings[opening].parent < 0,
            worker.route(decision) != nil
        {
            close(socket, &worker)
            return refuse(.rulesChanged, &worker)
        }
        upstream = socket
        worker.noteDialled(dialled, of: slot, opening)
        worker.follow(decision, of: slot, opening)
        guard beLimited(by: decision, &worker) else { return }
        worker.endPhase(.connect, of: slot)
        stopWaiting(&worker)
        cancelAttempts(&worker)
        worker.openings[opening].parent < 0 ? answer(&worker) : askParent(&worker)
    }

    /// Cancels the attempts that still run; their sockets are closed as they complete.
    mutating func cancelAttempts(_ worker: inout Worker) {
        guard let opening else { return }
        for index in 0..<Opening.attemptsMax where worker.openings[opening].attempts[index] >= 0 {
            cancel(.connect, detail: UInt8(index), &worker)
        }
    }

    // MARK: The timer of resolving and dialling

    /// Sets the timer to the end of the phase, or to what has to be done before: `step`, or
    /// watching the client.
    mutating func setOpeningTimer(_ worker: inout Worker, _ step: Instant?) {
        guard let opening else { return }
        var due = worker.openings[opening].deadline
        if let step { due = min(due, step) }
        if let watch = worker.openings[opening].watchFrom { due = min(due, watch) }
        worker.deadlines.set(slot, at: due)
    }

    mutating func openingTimerFired(_ worker: inout Worker) {
        guard let opening else { return }
        watchClientIfDue(&worker)
        let isOver = worker.openings[opening].deadline <= worker.now
        if state == .askingParent {
            return isOver ? refuse(.parentTimeout, &worker) : setOpeningTimer(&worker, nil)
        }
        guard state == .resolving else {
            return isOver ? refuse(.connectTimeout, &worker) : attemptIfDue(&worker)
        }
        let dialFrom = worker.openings[opening].dialFrom
        if let dialFrom, isOver || dialFrom <= worker.now {
            worker.endPhase(.resolve, of: slot)
            return beginDialling(&worker)
        }
        if isOver { return refuse(.resolveTimeout, &worker) }
        setOpeningTimer(&worker, dialFrom)
    }

    // MARK: A client that goes

    /// Begins to resolve or to dial: not yet a reason to watch the client.
    mutating func bePatient(_ worker: inout Worker) {
        guard let opening else { return }
        worker.openings[opening].watchFrom = worker.now + Tunnel.patience
    }

    /// Watches a client that has waited for long for a reset.
    ///
    /// Its FIN alone says nothing: it may have sent all that it wants to say through the tunnel.
    private mutating func watchClientIfDue(_ worker: inout Worker) {
        guard let opening, let watchFrom = worker.openings[opening].watchFrom,
            watchFrom <= worker.now
        else { return }
        worker.openings[opening].watchFrom = nil
        watchHangUp(.outbound, &worker)
    }

    /// The client isn't of interest as such any more: a flow will look after it.
    mutating func unwatchClient(_ worker: inout Worker) {
        guard holdings[.outbound].watchesHangUp else { return }
        cancel(.watchHangUp, detail: Direction.outbound.rawValue, &worker)
    }

    /// What a failed attempt means to the client.
    private static func refusal(code: Int32) -> Refusal {
        switch code {
        case Errno.connectionRefused: .connectionRefused
        case Errno.connectionReset: .connectReset
        case Errno.timedOut: .connectTimeout
        case Errno.hostUnreachable, Errno.networkUnreachable, Errno.notPermitted,
            Errno.accessDenied, Errno.invalid:
            .unroutable
        case Errno.addressNotAvailable, Errno.addressInUse: .noSourcePort
        case Errno.tooManyFiles, Errno.tooManyFilesInSystem, Errno.noBuffers, Errno.noMemory:
            .outOfDescriptors
        default: .unroutable
        }
    }
}

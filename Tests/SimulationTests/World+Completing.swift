import Internet
import Kernel

/// Time passes, and submissions complete: in any order, late, short, or not as wished.
extension World {
    func wait(until deadline: Instant?) {
        completions.removeAll(keepingCapacity: true)
        completionHead = 0
        isIdle = false
        splicedInTurn = 0
        let began = clock
        sendQuietOnes()
        clock += UInt64(dice.below(20_000)) * UInt64(dice.below(2))
        if dice.chance(faults.clockJump) {
            clock += UInt64(dice.below(dice.pick([100, 3000, 20_000]))) * 1_000_000
        }
        if dice.chance(faults.spuriousReturn) { return noteTurn(began) }
        while true {
            actPeers()
            collect()
            if !completions.isEmpty { break }
            if !passed.isEmpty, dice.chance(300) { break }
            if let deadline, deadline.nanoseconds <= clock { break }
            checkRest()
            guard let next = nextMoment(deadline) else {
                isIdle = true
                break
            }
            clock = max(clock + 1, next)
        }
        noteTurn(began)
    }

    /// The worker sleeps and hasn't been told of its quiet sends: nothing may follow from them.
    private func checkRest() {
        for sink in restingSinks where !peers[sink].hasReset {
            let record = lives[peers[sink].life]
            let ends = peers[sink].isClient ? record.upstreams : [record.client]
            for source in ends where !peers[source].isClosed && !peers[source].hasReset {
                let isHeard = submissions.contains {
                    $0.kind == .receiveProvided && connectedPeer($0) == source
                }
                if !isHeard { fail("nobody listens to the source of a quiet send") }
                let taken = peers[source].taken - headCount(source)
                if taken > peers[sink].delivered - frontCount(sink) {
                    fail("bytes lie behind a quiet send")
                }
            }
        }
    }

    /// The kernel carries quiet sends out as they are submitted.
    private func sendQuietOnes() {
        if !sent.isEmpty { fail("a wait begins with sends that nobody has asked for") }
        while let index = submissions.firstIndex(where: \.isQuiet) { send(index) }
    }

    func nextSent() -> Completion? {
        guard !sent.isEmpty else { return nil }
        let first = sent.removeFirst()
        quiet.removeAll { $0 == first.token }
        restingSinks.removeFirst()
        return first
    }

    private func noteTurn(_ began: UInt64) {
        turnsAtOneTime = completions.isEmpty && clock < began + 1_000_000 ? turnsAtOneTime + 1 : 0
        if turnsAtOneTime > 200 { fail("the worker spins") }
    }

    private func nextMoment(_ deadline: Instant?) -> UInt64? {
        var next = deadline?.nanoseconds ?? .max
        for peer in peers where peer.actsAt > clock { next = min(next, peer.actsAt) }
        for submission in submissions where submission.notBefore > clock {
            next = min(next, submission.notBefore)
        }
        if connected < lives.count {
            next = min(next, began + scenario.lives[connected].connectsAt)
        }
        if namesMoment > clock { next = min(next, namesMoment) }
        return next == .max ? nil : next
    }

    private func collect() {
        guard !submissions.isEmpty else { return }
        let first = dice.below(submissions.count)
        submissions.swapAt(first, submissions.count - 1)
        if submissions.count > 2, dice.chance(500) {
            submissions.swapAt(dice.below(submissions.count), dice.below(submissions.count))
        }
        var index = submissions.count - 1
        while index >= 0 {
            if submissions[index].notBefore <= clock, !submissions[index].isStuck { attend(index) }
            index -= 1
        }
    }

    private func attend(_ index: Int) {
        let submission = submissions[index]
        if submission.isCancelled {
            if submission.kind == .send { peers[connectedPeer(submission)].wasShort = true }
            return complete(index, -Errno.canceled)
        }
        switch submission.kind {
        case .failed: complete(index, -5)
        case .cancel: cancel(index)
        case .accept: accept(index)
        case .connect: connect(index)
        case .receive, .receiveProvided: receive(index)
        case .send: send(index)
        case .poll: poll(index)
        case .watch: watch(index)
        case .splice:
            let result = splice(submission.descriptor, submission.other, submission.count)
            complete(index, result)
        }
    }

    // MARK: Cancelling

    private func cancel(_ index: Int) {
        let asked = submissions[index]
        var found: Int32 = 0
        var result = -Errno.noEntry
        for other in submissions.indices where other != index {
            let isMeant = submissions[other].token == asked.target
            guard isMeant, !submissions[other].isStuck else { continue }
            submissions[other].notBefore = dice.chance(faults.late) ? clock + delay() : 0
            if dice.chance(faults.cancelRaces), canComplete(submissions[other]) {
                result = submissions[other].kind == .splice ? -Errno.already : -Errno.noEntry
                continue
            }
            submissions[other].isCancelled = true
            found += 1
        }
        complete(index, found > 0 ? 0 : result)
    }

    private func canComplete(_ submission: Submission) -> Bool {
        switch submission.kind {
        case .splice, .failed: true
        case .connect: reception(submission.endpoint) != .blackHole
        case .receive, .receiveProvided:
            submission.left == 0 && peers[connectedPeer(submission)].isReadable
        case .send: true
        case .poll: !ready(submission).isEmpty
        case .accept, .watch, .cancel: false
        }
    }

    func connectedPeer(_ submission: Submission) -> Int {
        descriptors[Int(submission.descriptor - World.firstDescriptor)].index
    }

    // MARK: Accepting and connecting

    private func accept(_ index: Int) {
        guard !backlog.isEmpty else { return }
        if dice.chance(faults.acceptError) {
            let code = dice.pick([Errno.tooManyFiles, Errno.connectionAborted, Errno.noBuffers])
            return complete(index, -code)
        }
        let count = dice.within(1...backlog.count)
        for number in 0..<count {
            let client = takeClient()
            let isLast = number == count - 1 && dice.chance(faults.acceptEnds)
            if isLast { return complete(index, client) }
            let token = submissions[index].token
            completions.append(
                Completion(token: token, result: client, flags: Completion.moreFlag)
            )
        }
    }

    /// The descriptor of the client that waited longest.
    func takeClient() -> Int32 {
        let client = backlog.removeFirst()
        accepted += 1
        return open(.socket, client)
    }

    /// What an endpoint does with a connect, and whose endpoint it is.
    private func reception(_ endpoint: Endpoint?) -> Scenario.Reception {
        guard let (life, index, family) = decode(endpoint) else { return .unreachable }
        let plan = scenario.lives[life]
        let list = family == .v4 ? plan.receptions4 : plan.receptions6
        return index < list.count ? list[index] : .unreachable
    }

    private func decode(_ endpoint: Endpoint?) -> (Int, Int, Address.Family)? {
        guard let address = endpoint?.address else { return nil }
        let life = Int(address.low >> 8 & 0xff)
        guard life < lives.count else { return nil }
        return (life, Int(address.low & 0xff), address.family)
    }

    private func connect(_ index: Int) {
        let submission = submissions[index]
        guard let (life, _, _) = decode(submission.endpoint) else {
            return complete(index, -Errno.invalid)
        }
        switch reception(submission.endpoint) {
        case .blackHole: return
        case .refuse: complete(index, -Errno.connectionRefused)
        case .unreachable: complete(index, -Errno.hostUnreachable)
        case .reset: complete(index, -Errno.connectionReset)
        case .accept:
            let plan = scenario.lives[life]
            peers.append(
                Peer(
                    life: life,
                    isClient: false,
                    stream: stream(life, isOutbound: false),
                    total: plan.part == .echo ? 0 : plan.upstreamTotal,
                    farewell: plan.upstreamFarewell,
                    actsAt: clock + 1000
                )
            )
            peers[peers.count - 1].isParent = submission.endpoint?.port == World.parentPort
            lives[life].upstreams.append(peers.count - 1)
            descriptors[Int(submission.descriptor - World.firstDescriptor)].index = peers.count - 1
            complete(index, 0)
        }
    }

    func stream(_ life: Int, isOutbound: Bool) -> UInt64 {
        (scenario.seed &+ UInt64(life * 2 + (isOutbound ? 1 : 0))) &* 0xd134_2543_de82_ef95
    }

    // MARK: Polling

    private func ready(_ submission: Submission) -> PollEvents {
        let index = connectedPeer(submission)
        let peer = peers[index]
        var events = PollEvents()
        if submission.events.contains(.readable), peer.isReadable { events.insert(.readable) }
        if submission.events.contains(.writable), room(index) > 0 || peer.hasReset {
            events.insert(.writable)
        }
        if peer.hasReset { events.insert(.hangUp) }
        if peer.hasPendingError { events.insert(.error) }
        if peer.hasSentFin || peer.hasReset { events.insert(.peerEnded) }
        if peer.hasSentFin, peer.hasFin { events.insert(.hangUp) }
        return events
    }

    private func poll(_ index: Int) {
        let events = ready(submissions[index])
        guard !events.isEmpty else { return }
        if submissions[index].events.contains(.writable) { noticeReset(index, events) }
        complete(index, Int32(events.rawValue))
    }

    private func noticeReset(_ index: Int, _ events: PollEvents) {
        guard events.contains(.error) else { return }
        peers[connectedPeer(submissions[index])].resetWasNoticed = true
    }

    private func watch(_ index: Int) {
        let events = ready(submissions[index])
        let isNew = !events.subtracting(submissions[index].told).isEmpty
        submissions[index].told = events
        guard isNew else { return }
        noticeReset(index, events)
        let token = submissions[index].token
        completions.append(
            Completion(token: token, result: Int32(events.rawValue), flags: Completion.moreFlag)
        )
    }
}

/// What clients and upstreams do by themselves.
extension World {
    func actPeers() {
        while connected < lives.count,
            isEnding || clock >= began + scenario.lives[connected].connectsAt
        {
            connectClient()
        }
        for index in peers.indices where peers[index].actsAt <= clock { act(index) }
    }

    private func connectClient() {
        let index = connected
        connected += 1
        guard openListeners > 0, !isEnding else { return }
        let plan = scenario.lives[index]
        peers.append(
            Peer(
                life: index,
                isClient: true,
                stream: stream(index, isOutbound: true),
                total: plan.head.count + plan.clientTotal,
                farewell: plan.clientFarewell,
                actsAt: clock
            )
        )
        lives[index].client = peers.count - 1
        backlog.append(peers.count - 1)
    }

    private func act(_ index: Int) {
        let peer = peers[index]
        let plan = scenario.lives[peer.life]
        guard !peer.isClosed, !peer.hasReset else {
            peers[index].actsAt = .max
            return
        }
        if dice.chance(faults.reset) { return reset(index) }
        readSome(index, plan)
        if plan.part == .echo, !peer.isClient {
            let read = peers[index].delivered - peers[index].unread - peers[index].requestCount
            peers[index].total = peers[index].frontCount + max(0, read)
        }
        sendSome(index, plan)
        sayFarewell(index, plan)
        let isDone = peers[index].hasSentFin && peers[index].unread == 0
        // The proxy wakes it when it takes or delivers bytes.
        let isWaiting = sendableNow(index, plan) == 0 && peers[index].unread == 0
        if isDone || isWaiting && !isEnding {
            peers[index].actsAt = .max
        } else {
            peers[index].actsAt = clock + UInt64(dice.below(pace(plan)) + 1)
        }
    }

    /// The longest time to the next act, in nanoseconds.
    private func pace(_ plan: Scenario.Life) -> Int {
        if isEnding { return 1000 }
        let pace = plan.isSlowReader ? plan.pace * 10 : plan.pace
        return dice.chance(20) ? pace * 200 : pace
    }

    private func readSome(_ index: Int, _ plan: Scenario.Life) {
        guard peers[index].unread > 0 else { return }
        peers[index].unread -= isEnding ? peers[index].unread : dice.within(1...peers[index].unread)
    }

    /// How far a peer may send at present.
    private func sendable(_ index: Int, _ plan: Scenario.Life) -> Int {
        let peer = peers[index]
        // A parent speaks when it has been asked.
        if peer.isParent, peer.frontCount == 0 { return 0 }
        let mustWait =
            peer.isClient && plan.waitsForAnswer && peer.delivered < World.answer.count
        return mustWait ? min(plan.head.count, peer.total) : peer.total
    }

    /// How many bytes a peer may send now and has room for.
    private func sendableNow(_ index: Int, _ plan: Scenario.Life) -> Int {
        guard !peers[index].hasSentFin else { return 0 }
        let room = scenario.window - (peers[index].sent - peers[index].taken)
        return max(0, min(sendable(index, plan) - peers[index].sent, room))
    }

    private func sendSome(_ index: Int, _ plan: Scenario.Life) {
        let left = sendableNow(index, plan)
        guard left > 0 else { return }
        peers[index].sent += min(left, dice.within(1...plan.chunkMax))
    }

    private func sayFarewell(_ index: Int, _ plan: Scenario.Life) {
        let peer = peers[index]
        guard !peer.hasSentFin else { return }
        let isEcho = plan.part == .echo && !peer.isClient
        let hasAll = peer.sent == peer.total && (!isEcho || (peer.hasFin && peer.unread == 0))
        if isEnding {
            if dice.chance(300) { return reset(index) }
            if peer.sent == peer.total || dice.chance(300) { peers[index].hasSentFin = true }
            return
        }
        guard hasAll else { return }
        switch peer.farewell {
        case .fin: peers[index].hasSentFin = true
        case .finAfterPeer: peers[index].hasSentFin = peer.hasFin
        case .reset: reset(index)
        case .never: break
        }
    }

    private func reset(_ index: Int) {
        peers[index].hasReset = true
        peers[index].actsAt = .max
        lives[peers[index].life].isDisturbed = true
    }

    /// All peers leave, each in its way, and none comes any more.
    func endAll() {
        isEnding = true
        isIdle = false
        for index in peers.indices where !peers[index].isClosed && !peers[index].hasReset {
            peers[index].actsAt = clock
        }
    }

    /// All that peers in order have sent must have arrived.
    func checkLives() {
        guard scenario.isCalm else { return }
        for record in lives where record.client >= 0 && !record.isDisturbed && !record.wasRefused {
            let client = peers[record.client]
            let head = scenario.lives[client.life].head.count
            guard client.finWasTaken, client.delivered >= World.answer.count else { continue }
            let received = client.delivered - World.answer.count
            let ended = record.upstreams.filter { peers[$0].finWasTaken }
            guard !ended.isEmpty else { continue }
            let isWhole = ended.contains {
                peers[$0].sent - peers[$0].frontCount == received
                    && peers[$0].delivered - peers[$0].requestCount == client.sent - head
            }
            if !isWhole { fail("bytes were lost between two peers that ended in order") }
        }
    }
}

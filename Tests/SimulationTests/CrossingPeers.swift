import Kernel

/// A program at the client, or the server that it wants: sends bytes, and compares those that come.
struct CrossingPeer: CustomStringConvertible {
    enum End { case none, fin, reset }

    let life: Int
    let isProgram: Bool
    let plan: CrossingScenario.Life
    var plug = -1
    /// What a program says before its bytes, and how much of it has been said.
    var head: [UInt8] = []
    var headSent = 0
    /// The answer to that.
    var answer: [UInt8] = []
    var isAnswered = false
    var sent = 0
    var received = 0
    var hasFinished = false
    var end = End.none
    var isOver = false
    var actsAt: UInt64

    init(_ life: Int, isProgram: Bool, _ plan: CrossingScenario.Life, _ now: UInt64) {
        self.life = life
        self.isProgram = isProgram
        self.plan = plan
        actsAt = isProgram ? now + plan.startsAt : now + 1
        guard isProgram else {
            isAnswered = true
            return
        }
        let authority = "20.0.\(life).0:443"
        head = Array("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\r\n".utf8)
    }

    var description: String {
        "\(isProgram ? "program" : "server") \(life): sent \(sent) of \(total), received "
            + "\(received), status \(status ?? 0), has finished \(hasFinished), \(end), \(plan)"
    }

    var total: Int { plan.totals[isProgram ? 0 : 1] }
    var farewell: CrossingScenario.Farewell { plan.farewells[isProgram ? 0 : 1] }
    /// The status of the answer; nil before it has come.
    var status: Int? {
        guard isAnswered, isProgram else { return nil }
        return Int(String(decoding: answer.dropFirst(9).prefix(3), as: UTF8.self))
    }
}

extension CrossingWorld {
    /// What tells the bytes of one flow from those of others.
    private func key(_ life: Int, isOutbound: Bool) -> UInt64 {
        (scenario.seed &+ UInt64(life * 2 + (isOutbound ? 1 : 0))) &* 0xd134_2543_de82_ef95
    }

    /// The server of `life` has been reached.
    func addUpstream(_ life: Int, _ plug: Int) {
        if upstream(of: life) != nil { fail("a stream was dialled twice") }
        var peer = CrossingPeer(life, isProgram: false, scenario.lives[life], clock)
        peer.plug = plug
        peers.append(peer)
        plugs[plug].peer = peers.count - 1
        moments.add(clock + 1)
    }

    func upstream(of life: Int) -> Int? {
        peers.indices.first { !peers[$0].isProgram && peers[$0].life == life }
    }

    func actPeer(_ index: Int) {
        peers[index].actsAt = .max
        guard !peers[index].isOver else { return }
        if peers[index].plug < 0 {
            let plug = makePlug(.hand)
            peers[index].plug = plug
            plugs[plug].peer = index
            guard connect(plug, toNode: Self.client, isOuter: false) else {
                peers[index].isOver = true
                return
            }
        }
        let plug = peers[index].plug
        if isReset(plug) {
            peers[index].end = .reset
            peers[index].isOver = true
            return close(plug)
        }
        readPeer(index, plug)
        writePeer(index, plug)
        sayFarewell(index, plug)
        peers[index].actsAt = min(peers[index].actsAt, nextArrival(plug))
    }

    private func readPeer(_ index: Int, _ plug: Int) {
        let count = min(available(plug), peers[index].plan.chunkMax)
        var isWrong = false
        let key = key(peers[index].life, isOutbound: !peers[index].isProgram)
        read(plug, count) { _, byte in
            guard self.peers[index].isAnswered else {
                self.peers[index].answer.append(byte)
                let isEnd = self.peers[index].answer.suffix(4).elementsEqual("\r\n\r\n".utf8)
                if isEnd { self.peers[index].isAnswered = true }
                return
            }
            if byte != payloadByte(key, self.peers[index].received) { isWrong = true }
            self.peers[index].received += 1
        }
        if isAtEnd(plug) { peers[index].end = .fin }
        let mayCompare = !peers[index].isProgram || peers[index].status == 200
        if isWrong, mayCompare { fail("another byte than was sent came to \(peers[index])") }
        if available(plug) > 0 { again(index) }
    }

    private func again(_ index: Int) {
        let time = clock + 1 + UInt64(dice.below(Int(peers[index].plan.pace)))
        peers[index].actsAt = min(peers[index].actsAt, time)
        moments.add(time)
    }

    private func writePeer(_ index: Int, _ plug: Int) {
        guard !peers[index].hasFinished else { return }
        let peer = peers[index]
        let head = min(peer.head.count - peer.headSent, room(plug))
        if head > 0 {
            write(plug, head) { peer.head[peer.headSent + $0] }
            peers[index].headSent += head
        }
        let mayGoOn = peer.isAnswered || peer.plan.isEager
        guard peers[index].headSent == peer.head.count, mayGoOn, peer.status ?? 200 == 200
        else { return }
        let most = dice.within(1...peer.plan.chunkMax)
        let count = min(peer.total - peer.sent, room(plug), most)
        if count > 0 {
            let key = key(peer.life, isOutbound: peer.isProgram)
            write(plug, count) { payloadByte(key, peer.sent + $0) }
            peers[index].sent += count
        }
        if peers[index].sent < peer.total, room(plug) > 0 { again(index) }
    }

    private func sayFarewell(_ index: Int, _ plug: Int) {
        let peer = peers[index]
        let isRefused = peer.status.map { $0 != 200 } ?? false
        let hasSentAll = peer.headSent == peer.head.count && peer.sent == peer.total
        if hasSentAll, peer.farewell == .reset, peer.isAnswered, !isRefused {
            peers[index].isOver = true
            return close(plug, abortive: true)
        }
        if !peer.hasFinished, isRefused ? peer.end == .fin : hasSentAll {
            if peer.farewell == .fin || peer.end == .fin || isRefused {
                peers[index].hasFinished = true
                finish(plug)
            }
        }
        guard peers[index].hasFinished, peers[index].end == .fin else { return }
        peers[index].isOver = true
        close(plug)
    }

    /// Whether all programs and their servers have ended.
    var arePeersOver: Bool { peers.allSatisfy(\.isOver) }

    /// Whether each program has the answer to its head, or will never have one.
    var areProgramsAnswered: Bool {
        peers.allSatisfy { !$0.isProgram || $0.isAnswered || $0.isOver }
    }

    /// All that was sent must have arrived, but for streams that somebody broke off.
    func checkLives() {
        let mayFail = scenario.sleepsAt != nil || scenario.weather.silent > 0
        for index in scenario.lives.indices where failure == nil {
            let program = peers[index]
            let plan = scenario.lives[index]
            let isCarried = program.status == 200
            if plan.reception != .accept, isCarried { fail("life \(index) reached nobody") }
            guard plan.reception == .accept, !plan.isReset, !scenario.losesSession else { continue }
            if !isCarried {
                if mayFail { continue }
                fail("life \(index) was not carried: status \(program.status ?? 0)")
                continue
            }
            guard let place = upstream(of: index) else {
                fail("life \(index) has no server")
                continue
            }
            let isWhole =
                program.end == .fin && peers[place].end == .fin
                && program.received == plan.totals[1] && peers[place].received == plan.totals[0]
            if !isWhole { fail("life \(index) lacks bytes: \(program) \(peers[place])") }
        }
    }
}

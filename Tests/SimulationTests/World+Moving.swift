import Internet
import Kernel
import Proxy

/// Bytes come and go; each is compared with what its source has sent.
extension World {
    /// How many bytes the socket to a peer takes at present.
    func room(_ index: Int) -> Int {
        peers[index].isClient && peers[index].delivered < World.answer.count
            ? max(scenario.window, 1024) - peers[index].unread
            : scenario.window - peers[index].unread
    }

    /// Bytes that a peer sends before those of the tunnel: a head, or a parent's answer.
    func headCount(_ index: Int) -> Int {
        peers[index].isClient
            ? scenario.lives[peers[index].life].head.count : peers[index].frontCount
    }

    /// Bytes that a peer is sent before those of the tunnel: an answer, or a request.
    func frontCount(_ index: Int) -> Int {
        peers[index].isClient ? World.answer.count : peers[index].requestCount
    }

    // MARK: From a peer

    func receive(_ index: Int) {
        let submission = submissions[index]
        let source = connectedPeer(submission)
        let isProvided = submission.kind == .receiveProvided
        if isProvided {
            let finds = !provided.isEmpty && !dice.chance(faults.noBuffers)
            if !finds, !submission.pollFirst || peers[source].isReadable {
                return complete(index, -Errno.noBuffers)
            }
        }
        guard peers[source].isReadable else { return }
        checkIsPast(source)
        let available = peers[source].sent - peers[source].taken
        // What has come before a reset can be read.
        if hasBroken(source), available == 0 {
            if peers[source].errorWasTaken { fail("a source that has broken is read again") }
            // Nobody waits for the end of a receive that is being given up.
            let isGivenUp = submissions.contains { $0.target == submission.token }
            peers[source].errorWasTaken = !isGivenUp
            return complete(index, -Errno.connectionReset)
        }
        if available == 0 || (available > 1 && strikes(.endsEarly)) {
            peers[source].finWasTaken = peers[source].hasSentFin
            let flags = isProvided && dice.chance(faults.bufferAtEnd) ? takeBuffer().flags : 0
            return complete(index, 0, flags: flags)
        }
        var memory = submission.memory
        var flags: UInt32 = 0
        if isProvided {
            let taken = takeBuffer()
            flags = taken.flags
            memory = self.memory[taken.index]
        }
        guard let memory else { return fail("a receive without memory") }
        var count = min(available, memory.count, submission.count)
        if dice.chance(faults.shortReceive) { count = dice.within(1...count) }
        let first = peers[source].taken
        for offset in 0..<count { memory[offset] = byte(source, first + offset) }
        peers[source].taken += count + (available > count && strikes(.dropsByte) ? 1 : 0)
        if peers[source].taken < peers[source].sent { flags |= Completion.nonEmptyFlag }
        wake(source)
        guard submission.left > count, !dice.chance(faults.shortReceive) else {
            return complete(index, Int32(count), flags: flags)
        }
        submissions[index].left -= count
        completions.append(
            Completion(
                token: submission.token,
                result: Int32(count),
                flags: flags | Completion.moreFlag
            )
        )
        // The kernel looks again at once, and finds what has come since.
        if dice.chance(500) { receive(index) }
    }

    /// Whether a receive tells of a reset: not behind a FIN, nor if it has been told otherwise.
    private func hasBroken(_ source: Int) -> Bool {
        peers[source].hasReset && !peers[source].hasSentFin && !peers[source].errorWasTold
    }

    /// The error that is pending on the socket to a peer; it is told once.
    func takeError(_ index: Int) -> Int32 {
        guard peers[index].hasPendingError else { return 0 }
        peers[index].errorWasTold = true
        peers[index].resetWasNoticed = true
        return peers[index].hasSentFin ? Errno.brokenPipe : Errno.connectionReset
    }

    /// What a send to a peer that has reset comes to.
    private func errorOfSend(_ sink: Int) -> Int32 {
        let code = takeError(sink)
        return code == 0 ? Errno.brokenPipe : code
    }

    private func takeBuffer() -> (index: Int, flags: UInt32) {
        let buffer = provided.removeFirst()
        isProvided[Int(buffer)] = false
        return (Int(buffer), Completion.bufferFlag | UInt32(buffer) << 16)
    }

    private func byte(_ source: Int, _ position: Int) -> UInt8 {
        let head = headCount(source)
        guard position < head else { return payload(source, position - head) }
        let plan = scenario.lives[peers[source].life]
        return peers[source].isClient ? plan.head[position] : plan.parentAnswer[position]
    }

    /// The byte at `position` of what `source` sends through the tunnel.
    private func payload(_ source: Int, _ position: Int) -> UInt8 {
        guard peers[source].isClient else { return payloadByte(peers[source].stream, position) }
        return outbound(peers[source].life, peers[source].stream, position)
    }

    private func outbound(_ life: Int, _ stream: UInt64, _ position: Int) -> UInt8 {
        let hello = scenario.lives[life].hello
        return position < hello.count ? hello[position] : payloadByte(stream, position)
    }

    /// Nothing is read from the upstream of a tunnel that may not pass, or not yet.
    private func checkIsPast(_ source: Int) {
        let life = peers[source].life
        guard !peers[source].isClient, scenario.lives[life].mustBeTLS else { return }
        // What a parent answers may be read, and with it what comes right behind.
        let front = scenario.lives[life].parentAnswer
        let isWhole = front.suffix(4).elementsEqual("\r\n\r\n".utf8)
        if peers[source].isParent, !isWhole || peers[source].taken < front.count { return }
        let client = lives[life].client
        let hello = headCount(client) + scenario.lives[life].hello.count
        if !scenario.lives[life].mayPass || peers[client].taken < hello {
            fail("an upstream is read from before its client has shown that it speaks TLS")
        }
    }

    // MARK: To a peer

    func send(_ index: Int) {
        let submission = submissions[index]
        let sink = connectedPeer(submission)
        guard let memory = submission.memory else { return fail("a send without memory") }
        if memory.count == 0 { fail("a send of no bytes") }
        if peers[sink].hasFin { fail("a send after FIN") }
        if peers[sink].hasReset { return complete(index, -errorOfSend(sink)) }
        guard room(sink) > 0 else {
            peers[sink].wasShort = true
            return complete(index, -Errno.again)
        }
        var count = min(memory.count, room(sink))
        if dice.chance(faults.shortSend) { count = dice.within(1...count) }
        if count < memory.count { peers[sink].wasShort = true }
        let times = strikes(.sendsTwice) ? 2 : 1
        for _ in 0..<times { deliver(memory, count, to: sink) }
        wake(sink)
        complete(index, Int32(count))
    }

    func sendNow(_ socket: Int32, _ memory: Extent) -> Int32 {
        guard let sink = peer(socket, "send"), !peers[sink].hasReset else {
            return -Errno.brokenPipe
        }
        let count = min(memory.count, room(sink))
        guard count > 0 else { return -Errno.again }
        deliver(memory, count, to: sink)
        wake(sink)
        return Int32(count)
    }

    private func deliver(_ memory: Extent, _ count: Int, to sink: Int) {
        let first = peers[sink].delivered
        let isClient = peers[sink].isClient
        if isClient, first == 0, memory.count > 9, memory[9] != UInt8(ascii: "2") {
            lives[peers[sink].life].wasRefused = true
        }
        peers[sink].delivered += count
        peers[sink].unread += count
        if peers[sink].isParent, peers[sink].frontCount == 0 {
            return hear(memory, count, as: sink)
        }
        if isClient, lives[peers[sink].life].wasRefused { return }
        let skipped = frontCount(sink)
        let payload = first + count - skipped
        if payload > 0 { checkSource(of: sink, payload) }
        let life = peers[sink].life
        let stream = stream(life, isOutbound: !isClient)
        for offset in 0..<count {
            let position = first + offset
            let expected =
                position < skipped
                ? World.answer[position]
                : isClient
                    ? payloadByte(stream, position - skipped)
                    : outbound(life, stream, position - skipped)
            guard memory[offset] == expected else {
                return fail("a wrong byte at \(position) to a \(isClient ? "client" : "upstream")")
            }
        }
    }

    /// No more can arrive than was sent, and nothing before the answer.
    private func checkSource(of sink: Int, _ payload: Int) {
        let record = lives[peers[sink].life]
        if peers[sink].isClient {
            let most = record.upstreams.map { peers[$0].taken - headCount($0) }.max() ?? 0
            if payload > most { fail("a client got more than its upstream sent") }
            return
        }
        if peers[record.client].delivered < World.answer.count || record.wasRefused {
            fail("bytes for an upstream before the answer")
        }
        let plan = scenario.lives[peers[sink].life]
        let client = peers[record.client]
        if !plan.mayPass || client.taken - plan.head.count < plan.hello.count {
            fail("bytes for an upstream before its client has shown that it speaks TLS")
        }
        if payload > peers[record.client].taken - headCount(record.client) {
            fail("an upstream got more than its client sent")
        }
    }

    /// What was read from a source before the error that it broke with has gone to its sink, unless
    /// that had no room, or the break was noticed otherwise.
    func checkDelivered(to sink: Int) {
        let peer = peers[sink]
        let plan = scenario.lives[peer.life]
        let delivered = peer.delivered - frontCount(sink)
        guard !isEnding, !peer.hasReset, !peer.wasShort, !plan.mustBeTLS, delivered >= 0 else {
            return
        }
        let record = lives[peer.life]
        if record.wasRefused { return }
        let sources = peer.isClient ? record.upstreams : [record.client]
        for source in sources where peers[source].errorWasTaken {
            if peers[source].resetWasNoticed { continue }
            if peers[source].taken - headCount(source) > delivered {
                fail("what came before a reset is lost")
            }
        }
    }

    // MARK: Splicing

    /// Splices at once: into a pipe only as long as the turn's slice isn't used up.
    func spliceNow(_ source: Int32, _ sink: Int32, _ count: Int) -> Int32 {
        let isIn = place(sink, "splice").map { descriptors[$0].kind == .pipeSink } ?? false
        if isIn, splicedInTurn / 2 >= scenario.configuration.bulkSlice {
            fail("bulk takes more than its slice of a turn")
        }
        let moved = splice(source, sink, count)
        splicedInTurn += Int(max(moved, 0))
        return moved
    }

    func splice(_ source: Int32, _ sink: Int32, _ count: Int) -> Int32 {
        guard let from = place(source, "splice"), let to = place(sink, "splice") else {
            return -Errno.invalid
        }
        if descriptors[to].kind == .pipeSink {
            return spliceIn(descriptors[from].index, descriptors[to].index, count)
        }
        guard descriptors[from].kind == .pipeSource else {
            fail("a splice without a pipe")
            return -Errno.invalid
        }
        return spliceOut(descriptors[from].index, descriptors[to].index, count)
    }

    private func spliceIn(_ source: Int, _ pipe: Int, _ count: Int) -> Int32 {
        checkIsPast(source)
        guard peers[source].isReadable else { return -Errno.again }
        let available = peers[source].sent - peers[source].taken
        if hasBroken(source), available == 0 {
            peers[source].errorWasTaken = true
            return -Errno.connectionReset
        }
        if available == 0 || (available > 1 && strikes(.endsEarly)) {
            peers[source].finWasTaken = peers[source].hasSentFin
            return 0
        }
        let free = scenario.configuration.pipeSize - pipes[pipe].count
        if free <= 0 || dice.chance(faults.spliceAgain) { return -Errno.again }
        var moved = min(available, free, count)
        if dice.chance(faults.shortReceive) { moved = dice.within(1...moved) }
        let position = peers[source].taken - headCount(source)
        if position < 0 { fail("a head is spliced") }
        let isOutbound = peers[source].isClient
        pipes[pipe].pieces.append(
            Piece(
                life: peers[source].life,
                isOutbound: isOutbound,
                position: position,
                count: moved
            )
        )
        pipes[pipe].count += moved
        peers[source].taken += moved + (available > moved && strikes(.dropsByte) ? 1 : 0)
        wake(source)
        return Int32(moved)
    }

    private func spliceOut(_ pipe: Int, _ sink: Int, _ count: Int) -> Int32 {
        if peers[sink].hasFin { fail("a splice after FIN") }
        if peers[sink].hasReset { return -errorOfSend(sink) }
        guard let piece = pipes[pipe].pieces.first, room(sink) > 0 else {
            peers[sink].wasShort = true
            return -Errno.again
        }
        if dice.chance(faults.spliceAgain) { return -Errno.again }
        var moved = min(piece.count, room(sink), count)
        if dice.chance(faults.shortSend) { moved = dice.within(1...moved) }
        let skipped = frontCount(sink)
        if piece.life != peers[sink].life || piece.isOutbound == peers[sink].isClient
            || piece.position != peers[sink].delivered - skipped
        {
            fail("wrong bytes are spliced to a \(peers[sink].isClient ? "client" : "upstream")")
        }
        peers[sink].delivered += moved * (strikes(.sendsTwice) ? 2 : 1)
        peers[sink].unread += moved
        checkSource(of: sink, peers[sink].delivered - skipped)
        pipes[pipe].count -= moved
        pipes[pipe].pieces[0].position += moved
        pipes[pipe].pieces[0].count -= moved
        if pipes[pipe].pieces[0].count == 0 { pipes[pipe].pieces.removeFirst() }
        wake(sink)
        return Int32(moved)
    }
}

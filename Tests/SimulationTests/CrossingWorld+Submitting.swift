import Internet
import Kernel

/// What the nodes ask for, and what comes of it.
extension CrossingWorld {
    func submit(_ submission: Submission, _ node: Int) {
        var submission = submission
        if submission.descriptor >= Self.firstDescriptor {
            guard let plug = plug(submission.descriptor, node, "\(submission.kind)") else { return }
            plugs[plug].submissions += 1
        }
        if let memory = submission.memory { checkMemory(memory, submission, node) }
        if submission.kind == .connect {
            submission.notBefore = clock + 1 + UInt64(dice.below(Int(weather.delay)))
        } else if mayBeLate(submission, node), dice.chance(weather.late) {
            submission.notBefore = clock + UInt64(dice.below(dice.pick([1000, 10_000_000])))
        }
        if submission.notBefore > 0 { moments.add(submission.notBefore) }
        nodes[node].submissions.append(submission)
    }

    /// Whether `submission` may be carried out later than the kernel is entered.
    ///
    /// What the client sends goes from memory that is its own only until then: a send that doesn't
    /// wait is done at once.
    private func mayBeLate(_ submission: Submission, _ node: Int) -> Bool {
        switch submission.kind {
        case .cancel: false
        case .send: node == Self.server
        default: true
        }
    }

    private func checkMemory(_ memory: Extent, _ submission: Submission, _ node: Int) {
        for other in nodes[node].submissions {
            guard let taken = other.memory, taken.overlaps(memory) else { continue }
            if other.kind == .receive || submission.kind == .receive {
                fail("a \(submission.kind) with memory that a submission under way uses")
            }
        }
    }

    func close(_ descriptor: Int32, _ node: Int) {
        if descriptor == Self.listener(node) {
            nodes[node].isListening = false
            return
        }
        guard let plug = plug(descriptor, node, "close") else { return }
        if plugs[plug].submissions > 0 { fail("close with a submission under way") }
        close(plug)
    }

    func shutdownSending(_ descriptor: Int32, _ node: Int) -> Int32 {
        guard let plug = plug(descriptor, node, "shutdown") else { return 0 }
        if isReset(plug) { return -107 }
        finish(plug)
        return 0
    }

    func error(of descriptor: Int32, _ node: Int) -> Int32 {
        guard let plug = plug(descriptor, node, "error"), isReset(plug) else { return 0 }
        return error(plug)
    }

    /// Bytes that the other end hasn't read.
    func unreadBytes(of descriptor: Int32, _ node: Int) -> Int {
        guard let plug = plug(descriptor, node, "look"), !isReset(plug), plugs[plug].other >= 0
        else { return 0 }
        let wire = plugs[plugs[plug].other].incoming
        return wire.writtenCount - wire.readCount
    }

    /// What the kernel tells of a reset.
    private func error(_ plug: Int) -> Int32 {
        hasFinished(plug) ? Errno.brokenPipe : Errno.connectionReset
    }

    private func hasFinished(_ plug: Int) -> Bool {
        plugs[plug].incoming.finTime.map { $0 <= clock } ?? false
    }

    func sendNow(_ descriptor: Int32, _ node: Int, _ memory: Extent) -> Int32 {
        guard let plug = plug(descriptor, node, "send"), !isReset(plug) else {
            return -Errno.brokenPipe
        }
        let count = min(room(plug), memory.count)
        guard count > 0 else { return -Errno.again }
        write(plug, count) { memory[$0] }
        return Int32(count)
    }

    func acceptWaiting(_ listener: Int32, _ node: Int) -> Int32? {
        guard listener == Self.listener(node), !nodes[node].backlog.isEmpty else { return nil }
        return descriptor(nodes[node].backlog.removeFirst())
    }

    // MARK: Waiting

    /// A node looks for what has come; it never waits here: the simulation turns it again.
    func wait(_ node: Int, until deadline: Instant?) {
        collect(node)
        nodes[node].completions = nodes[node].arrived
        nodes[node].completionHead = 0
        nodes[node].arrived = []
        nodes[node].deadline = deadline
        let isPassed = deadline.map { $0.nanoseconds <= clock } ?? false
        nodes[node].isDirty = !nodes[node].completions.isEmpty || isPassed
        nodes[node].looks += 1
        if nodes[node].looks > 20_000 { fail("node \(node) spins") }
    }

    func nextCompletion(_ node: Int) -> Completion? {
        let head = nodes[node].completionHead
        guard head < nodes[node].completions.count else { return nil }
        nodes[node].completionHead += 1
        return nodes[node].completions[head]
    }

    /// Whether a node has something to do.
    func isDue(_ node: Int) -> Bool {
        let isPassed = nodes[node].deadline.map { $0.nanoseconds <= clock } ?? false
        return nodes[node].isDirty || isPassed || !nodes[node].arrived.isEmpty
    }

    /// Completes what can be, in any order.
    func collect(_ node: Int) {
        let count = nodes[node].submissions.count
        guard count > 0 else { return }
        nodes[node].submissions.swapAt(dice.below(count), count - 1)
        var index = count - 1
        while index >= 0 {
            if nodes[node].submissions[index].notBefore <= clock { attend(index, node) }
            index -= 1
        }
    }

    private func complete(_ index: Int, _ node: Int, _ result: Int32, flags: UInt32 = 0) {
        let submission = nodes[node].submissions[index]
        if submission.descriptor >= Self.firstDescriptor {
            plugs[Int(submission.descriptor - Self.firstDescriptor)].submissions -= 1
        }
        nodes[node].arrived.append(
            Completion(token: submission.token, result: result, flags: flags)
        )
        nodes[node].submissions.swapAt(index, nodes[node].submissions.count - 1)
        nodes[node].submissions.removeLast()
    }

    private func attend(_ index: Int, _ node: Int) {
        let submission = nodes[node].submissions[index]
        if submission.isCancelled { return complete(index, node, -Errno.canceled) }
        let plug = Int(submission.descriptor - Self.firstDescriptor)
        switch submission.kind {
        case .cancel: cancel(index, node)
        case .accept: accept(index, node)
        case .connect: connect(index, node, plug)
        case .receive, .receiveProvided: receive(index, node, plug)
        case .send: send(index, node, plug)
        case .poll:
            let events = ready(submission, plug)
            if !events.isEmpty { complete(index, node, Int32(events.rawValue)) }
        case .watch: watch(index, node, plug)
        case .splice, .failed: fail("a \(submission.kind) was submitted")
        }
    }

    private func cancel(_ index: Int, _ node: Int) {
        let target = nodes[node].submissions[index].target
        var isFound = false
        for other in nodes[node].submissions.indices
        where other != index && nodes[node].submissions[other].token == target {
            nodes[node].submissions[other].isCancelled = true
            nodes[node].submissions[other].notBefore = 0
            isFound = true
        }
        if isFound { moments.add(clock + 1) }
        complete(index, node, isFound ? 0 : -Errno.noEntry)
    }

    private func accept(_ index: Int, _ node: Int) {
        guard !nodes[node].backlog.isEmpty else { return }
        let client = nodes[node].backlog.removeFirst()
        let token = nodes[node].submissions[index].token
        nodes[node].arrived.append(
            Completion(token: token, result: descriptor(client), flags: Completion.moreFlag)
        )
    }

    private func connect(_ index: Int, _ node: Int, _ plug: Int) {
        guard let endpoint = nodes[node].submissions[index].endpoint else { return }
        guard node == Self.client else { return connectUpstream(index, plug, endpoint) }
        if dice.chance(weather.refused) {
            return complete(index, node, -Errno.connectionRefused)
        }
        if endpoint == CrossingScenario.ferry {
            let other = link(plug, to: .hand, isOuter: true)
            ferries.append(Ferry(client: other))
            plugs[other].ferry = ferries.count - 1
            return complete(index, node, 0)
        }
        let listens = connect(plug, toNode: Self.server, isOuter: true)
        complete(index, node, listens ? 0 : -Errno.connectionRefused)
    }

    private func connectUpstream(_ index: Int, _ plug: Int, _ endpoint: Endpoint) {
        let life = Int(endpoint.address.low >> 8 & 0xff)
        guard scenario.lives.indices.contains(life) else {
            return complete(index, Self.server, -Errno.invalid)
        }
        switch scenario.lives[life].reception {
        case .refuse: complete(index, Self.server, -Errno.connectionRefused)
        case .unreachable: complete(index, Self.server, -Errno.hostUnreachable)
        case .accept:
            let other = link(plug, to: .hand, isOuter: false)
            addUpstream(life, other)
            complete(index, Self.server, 0)
        }
    }

    private func receive(_ index: Int, _ node: Int, _ plug: Int) {
        let submission = nodes[node].submissions[index]
        let count = available(plug)
        let isReadable = isReset(plug) || count > 0 || isAtEnd(plug)
        let isProvided = submission.kind == .receiveProvided
        if isProvided, provided.isEmpty, !submission.pollFirst || isReadable {
            return complete(index, node, -Errno.noBuffers)
        }
        guard isReadable else { return }
        if isReset(plug), !hasFinished(plug) {
            return complete(index, node, -Errno.connectionReset)
        }
        guard count > 0 else { return complete(index, node, 0) }
        var memory = submission.memory
        var flags: UInt32 = 0
        if isProvided {
            let buffer = provided.removeFirst()
            flags = Completion.bufferFlag | UInt32(buffer) << 16
            memory = self.memory[Int(buffer)]
        }
        guard let memory else { return fail("a receive without memory") }
        var taken = min(count, memory.count, submission.count)
        if dice.chance(weather.short) { taken = dice.within(1...taken) }
        read(plug, taken) { memory[$0] = $1 }
        if taken < count { flags |= Completion.nonEmptyFlag }
        complete(index, node, Int32(taken), flags: flags)
    }

    private func send(_ index: Int, _ node: Int, _ plug: Int) {
        guard let memory = nodes[node].submissions[index].memory else { return }
        if isReset(plug) { return complete(index, node, -error(plug)) }
        var count = min(room(plug), memory.count)
        guard count > 0, !dice.chance(weather.full) else {
            return complete(index, node, -Errno.again)
        }
        if dice.chance(weather.short) { count = dice.within(1...count) }
        write(plug, count) { memory[$0] }
        complete(index, node, Int32(count))
    }

    // MARK: Polling

    private func ready(_ submission: Submission, _ plug: Int) -> PollEvents {
        var events = PollEvents()
        let isReset = isReset(plug)
        let isReadable = isReset || available(plug) > 0 || isAtEnd(plug)
        if submission.events.contains(.readable), isReadable { events.insert(.readable) }
        if submission.events.contains(.writable), room(plug) > 0 || isReset {
            events.insert(.writable)
        }
        if isReset { events.formUnion([.error, .hangUp]) }
        if hasFinished(plug) { events.insert(.peerEnded) }
        return events
    }

    private func watch(_ index: Int, _ node: Int, _ plug: Int) {
        let submission = nodes[node].submissions[index]
        let events = ready(submission, plug)
        nodes[node].submissions[index].told = events
        guard !events.subtracting(submission.told).isEmpty else { return }
        nodes[node].arrived.append(
            Completion(
                token: submission.token,
                result: Int32(events.rawValue),
                flags: Completion.moreFlag
            )
        )
    }
}

internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel
internal import Resolver

/// The connections that carry requests of the tunnel without CONNECT: taking over, receiving,
/// sending, closing. What requests mean stands in `Worker+Requests.swift`.
extension Worker where Queue: ~Copyable, Names: ~Copyable {
    /// How long a refused client may go on sending before the connection is closed for good.
    private static var lingerNanoseconds: UInt64 { 2_000_000_000 }
    /// Bytes of a client that is left which are thrown away, at most.
    private static var discardMax: Int { 1 << 20 }

    /// Carriers whose memory stays with them, to be used again.
    private static var warmCount: UInt32 { 64 }

    // MARK: Taking over

    /// The client of the tunnel in `slot` speaks the tunnel without CONNECT: a carrier takes it
    /// over, with what has been read of it.
    mutating func handOver(_ slot: UInt32) {
        guard let opening = tunnels[slot].opening else { return }
        guard let carrier = carriers.take({ Carrier(slot: $0) }) else {
            return tunnels[slot].refuse(.outOfDescriptors, &services)
        }
        let received = services.openings[opening].received
        let head = services.openings.block(opening).part(0..<received)
        head.copy(to: carrierMemory.input(carrier))
        let client = services.keepsRecords ? services.records[Int(slot)].client : nil
        let descriptor = tunnels[slot].client
        let accepted = tunnels[slot].accepted
        let isAdmitted = tunnels[slot].refusalOfTunnel != nil
        tunnels[slot].handOver(&services)
        releaseIfFree(slot)
        carriers[carrier].begin(descriptor, client, accepted)
        carriers[carrier].isAdmitted = isAdmitted
        begin(carrier, received)
    }

    /// A carrier begins, with the first `received` bytes of a request.
    mutating func begin(_ slot: UInt32, _ received: Int) {
        carriers[slot].received = received
        let client = carriers[slot].client?.address
        if !carriers[slot].isAdmitted {
            carriers[slot].isAdmitted = services.admission.admitCarrier(of: client)
        }
        let timeout = services.terms.configuration.headTimeout
        carrierDeadlines.set(slot, at: carriers[slot].began + timeout)
        let seconds = services.terms.configuration.keepaliveSeconds
        if seconds > 0 { services.queue.keepAlive(carriers[slot].descriptor, seconds: seconds) }
        carriers[slot].isAdmitted ? advance(slot) : refuse(slot, .clientLimit)
        freeIfClosed(slot)
    }

    /// Whether connections are kept: while draining as long as there are sessions, which could get
    /// no others.
    var goesOn: Bool { !services.isDraining || services.sessions.count > 0 }

    // MARK: Dispatch

    mutating func dispatchCarrier(_ token: Token, _ completion: Completion) {
        let slot = token.slot
        guard carriers.exists(slot), carriers[slot].generation == token.generation,
            carriers[slot].state != .free
        else { return services.counters.lateCompletions.add() }
        precondition(carriers[slot].inFlight > 0, "a completion came that nobody waits for")
        if !completion.hasMore { carriers[slot].inFlight -= 1 }
        switch token.operation {
        case .receiveRequest: didReceiveRequest(slot, completion.result)
        case .sendReply: didSendReply(slot, completion.result)
        case .watchCarrier: didWatchCarrier(slot, completion)
        default: break
        }
        freeIfClosed(slot)
    }

    mutating func passCarrierDeadlines() {
        while let slot = carrierDeadlines.next(passedBy: services.now) {
            carrierDeadlinePassed(slot)
            freeIfClosed(slot)
        }
    }

    private mutating func carrierDeadlinePassed(_ slot: UInt32) {
        switch carriers[slot].state {
        case .free, .closing: break
        case .readingHead:
            carriers[slot].received > 0 ? refuse(slot, .headTimeout) : terminateCarrier(slot)
        case .identifying: refuse(slot, .credentialsUnchecked)
        case .readingBody: refuse(slot, .bodyTimeout)
        case .waiting, .flowing: waitIsOver(slot)
        case .answering, .lingering: terminateCarrier(slot)
        }
    }

    // MARK: Receiving

    /// Receives more of the request.
    mutating func receiveRequest(_ slot: UInt32) {
        guard !carriers[slot].isReceiving else { return }
        let input = carrierMemory.input(slot)
        let room = input.part(carriers[slot].received..<input.count)
        carriers[slot].isReceiving = true
        let token = carriers[slot].submitted(.receiveRequest)
        services.queue.receive(carriers[slot].descriptor, into: room, token: token)
    }

    private mutating func didReceiveRequest(_ slot: UInt32, _ result: Int32) {
        carriers[slot].isReceiving = false
        switch carriers[slot].state {
        case .readingHead, .readingBody:
            guard result > 0 else { return terminateCarrier(slot) }
            if carriers[slot].state == .readingHead, carriers[slot].received == 0 {
                carriers[slot].began = services.now
                let deadline = services.now + services.terms.configuration.headTimeout
                carrierDeadlines.set(slot, at: deadline)
            }
            carriers[slot].received += Int(result)
            advance(slot)
        case .lingering:
            carriers[slot].discarded += Int(max(result, 0))
            guard result > 0, carriers[slot].discarded < Self.discardMax else {
                return terminateCarrier(slot)
            }
            receiveRequest(slot)
        // It was decided to answer while this was under way; nothing more is parsed.
        case .free, .identifying, .waiting, .answering, .flowing, .closing: break
        }
    }

    // MARK: Sending

    /// Sends what has been written.
    mutating func sendReply(_ slot: UInt32) {
        carriers[slot].state = .answering
        carrierDeadlines.set(slot, at: services.now + MethodTerms.patience)
        submitReply(slot)
    }

    private mutating func submitReply(_ slot: UInt32) {
        let range = carriers[slot].outputSent..<carriers[slot].outputCount
        carriers[slot].isSending = true
        let token = carriers[slot].submitted(.sendReply)
        let memory = carrierMemory.output(slot).part(range)
        services.queue.send(carriers[slot].descriptor, from: memory, token: token)
    }

    private mutating func didSendReply(_ slot: UInt32, _ result: Int32) {
        carriers[slot].isSending = false
        guard carriers[slot].state == .answering else { return }
        guard result != -Errno.again else { return awaitRoom(slot, again: false) }
        guard result > 0 else { return terminateCarrier(slot) }
        carriers[slot].outputSent += Int(result)
        carriers[slot].lastSent = services.now
        guard carriers[slot].outputSent == carriers[slot].outputCount else {
            return sendReply(slot)
        }
        carriers[slot].outputSent = 0
        carriers[slot].outputCount = 0
        didSendAll(slot)
    }

    /// Waits until the client takes more; `again` if a poll has told only of its end.
    private mutating func awaitRoom(_ slot: UInt32, again: Bool) {
        carriers[slot].isWatching = true
        let token = carriers[slot].submitted(.watchCarrier)
        let descriptor = carriers[slot].descriptor
        if again {
            services.queue.watch(descriptor, events: .writable, token: token)
        } else {
            services.queue.poll(descriptor, events: .writable, token: token)
        }
    }

    private mutating func didWatchCarrier(_ slot: UInt32, _ completion: Completion) {
        let events = PollEvents(rawValue: UInt32(bitPattern: max(completion.result, 0)))
        let hasNews = !events.isDisjoint(with: [.writable, .error, .hangUp])
        if completion.hasMore {
            // The watch has served its purpose; the next send waits until it has gone.
            if hasNews { cancelCarrier(slot, .watchCarrier) }
            return
        }
        carriers[slot].isWatching = false
        guard carriers[slot].state == .answering else { return }
        guard hasNews || completion.result < 0 else { return awaitRoom(slot, again: true) }
        submitReply(slot)
    }

    // MARK: The end of a request

    /// The request has been answered: the next one, or the end of the connection.
    mutating func finishRequest(_ slot: UInt32) {
        guard carriers[slot].persists, goesOn else { return linger(slot) }
        let input = carrierMemory.input(slot)
        let left = carriers[slot].received - carriers[slot].consumed
        let rest = input.part(carriers[slot].consumed..<carriers[slot].received)
        if carriers[slot].consumed > 0 { rest.copy(to: input) }
        if services.gate != nil { input.part(left..<carriers[slot].received).clear() }
        carriers[slot].received = left
        carriers[slot].consumed = 0
        carriers[slot].beginRequest(services.now)
        guard left > 0 else {
            carrierDeadlines.set(slot, at: services.now + MethodTerms.patience)
            return receiveRequest(slot)
        }
        let timeout = services.terms.configuration.headTimeout
        carrierDeadlines.set(slot, at: services.now + timeout)
        advance(slot)
    }

    /// Closes the connection in stages (RFC 9112 section 9.6), so that a reset doesn't overtake the
    /// answer.
    ///
    /// Whoever is refused at the limit of a client comes again at no cost: few of those linger, as
    /// few as refused tunnels.
    private mutating func linger(_ slot: UInt32) {
        guard carriers[slot].isAdmitted || carriers.count <= services.turnedAwayMax else {
            return terminateCarrier(slot)
        }
        carriers[slot].state = .lingering
        carriers[slot].received = 0
        carrierDeadlines.set(slot, at: services.now + Self.lingerNanoseconds)
        _ = services.queue.shutdownSending(carriers[slot].descriptor)
        receiveRequest(slot)
    }

    // MARK: Terminate, join, close, free

    /// Ends the connection, whatever is under way.
    mutating func terminateCarrier(_ slot: UInt32) {
        guard carriers[slot].state != .closing, carriers[slot].state != .free else { return }
        leaveSession(slot)
        carrierDeadlines.clear(slot)
        if carriers[slot].isReceiving { cancelCarrier(slot, .receiveRequest) }
        if carriers[slot].isSending { cancelCarrier(slot, .sendReply) }
        if carriers[slot].isWatching { cancelCarrier(slot, .watchCarrier) }
        carriers[slot].state = .closing
    }

    private mutating func cancelCarrier(_ slot: UInt32, _ operation: Operation) {
        let target = carriers[slot].token(operation)
        let token = carriers[slot].submitted(.cancelCarrier)
        services.queue.cancel(target, token: token)
    }

    /// Frees the slot of a carrier that is closing, if the kernel holds nothing of it any more.
    mutating func freeIfClosed(_ slot: UInt32) {
        guard carriers[slot].state == .closing, carriers[slot].inFlight == 0 else { return }
        services.descriptorCount -= 1
        services.queue.close(carriers[slot].descriptor, token: Token(.close).rawValue)
        carriers[slot].descriptor = -1
        carriers[slot].state = .free
        services.counters.ended.add()
        if carriers[slot].isAdmitted {
            services.admission.releaseCarrier(of: carriers[slot].client?.address)
        }
        if slot >= Self.warmCount {
            // What only a crowd needs goes back to the system.
            carrierMemory.empty(slot)
        } else if services.gate != nil {
            // Its last head may have had credentials.
            carrierMemory.input(slot).clear()
        }
        carriers.release(slot)
    }
}

extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    /// A carrier has taken the client over: nothing is left of this tunnel.
    mutating func handOver(_ worker: inout Worker) {
        precondition(state == .handingOver && inFlight == 0)
        client = -1
        releaseOpening(&worker)
        if isAdmitted { worker.leave(slot) }
        isAdmitted = false
        refusalOfTunnel = nil
        state = .free
    }
}

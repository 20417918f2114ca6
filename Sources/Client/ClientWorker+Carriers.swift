internal import Connect
internal import Internet
internal import Kernel
internal import MethodTunnel
internal import Proxy
internal import Resolver

/// Connections to the next hop: taken for a request, dialled, used again, closed.
extension ClientWorker where Queue: ~Copyable, Names: ~Copyable {
    /// Whether a request can be given to a carrier now.
    var hasCarrier: Bool { carriers.count < carriers.capacity || idleCarrier != nil }

    private var idleCarrier: UInt32? {
        for index in 0..<carriers.used {
            let slot = UInt32(truncatingIfNeeded: index)
            if carriers[slot].state == .idle { return slot }
        }
        return nil
    }

    /// A carrier for a request: an idle one, or a new one that has yet to connect.
    mutating func takeCarrier() -> UInt32? {
        if let slot = idleCarrier {
            carriers[slot].state = .busy
            deadlines.clear(slot)
            return slot
        }
        guard let slot = carriers.take({ Carrier(slot: $0) }) else { return nil }
        let generation = carriers[slot].generation &+ 1
        carriers[slot] = Carrier(slot: slot)
        carriers[slot].generation = generation
        carriers[slot].state = .resolving
        return slot
    }

    /// The request of the carrier in `slot` is written: it is to be sent.
    mutating func dispatchRequest(_ slot: UInt32) {
        switch carriers[slot].state {
        case .busy: beginRequest(slot)
        case .resolving: resolve(slot)
        case .free, .connecting, .idle, .closing:
            preconditionFailure("a request was given to a carrier that can't take it")
        }
    }

    /// The connection is there: sends the request, and waits for the answer.
    ///
    /// Requests of lanes are given up by the schedule. For that for a stream nobody may wait any
    /// more, once frames have shown that there is the stream.
    private mutating func beginRequest(_ slot: UInt32) {
        if carriers[slot].errand == .open {
            deadlines.set(slot, at: now + ClientSchedule.patience)
        }
        sendRequest(slot)
        receiveAnswer(slot)
    }

    private func token(_ operation: ClientOperation, _ slot: UInt32) -> UInt64 {
        ClientToken(operation, generation: carriers[slot].generation, slot: slot).rawValue
    }

    private mutating func submitted(_ operation: ClientOperation, _ slot: UInt32) -> UInt64 {
        carriers[slot].inFlight += 1
        return token(operation, slot)
    }

    /// A submission for a carrier has completed.
    mutating func handleCarrier(_ token: ClientToken, _ result: Int32) {
        let slot = token.slot
        precondition(carriers[slot].inFlight > 0, "a completion came that nobody waits for")
        carriers[slot].inFlight -= 1
        switch token.operation {
        case .receiveAnswer: carriers[slot].isReceiving = false
        case .sendRequest: carriers[slot].isSending = false
        case .awaitRoom: carriers[slot].awaitsRoom = false
        default: break
        }
        guard carriers[slot].state != .closing else { return closeIfQuiet(slot) }
        switch token.operation {
        case .connect: didConnect(slot, result)
        case .receiveAnswer: didReceiveAnswer(slot, result)
        case .sendRequest: didSendRequest(slot, result)
        case .awaitRoom: sendRequest(slot)
        default: break
        }
    }

    mutating func carrierDeadlinePassed(_ slot: UInt32) {
        switch carriers[slot].state {
        case .connecting: connectFailed(slot, .connectTimeout)
        case .idle: close(slot)
        case .busy where carriers[slot].errand == .open: fail(slot, .noAnswer)
        case .free, .resolving, .busy, .closing: break
        }
    }

    // MARK: Resolving and dialling

    private mutating func resolve(_ slot: UInt32) {
        guard case .name(let name) = route.host else { return dial(slot) }
        guard !route.isAsking else { return }
        let answer = names.lookUp(name, waiter: 0, now: now)
        guard answer.isComplete else {
            route.isAsking = true
            return
        }
        didResolve(answer)
    }

    /// The resolver has news.
    mutating func namesMoved() {
        guard route.isAsking else { return }
        let answer = names.answer(for: 0)
        guard answer.isComplete else { return }
        route.isAsking = false
        names.release(waiter: 0)
        didResolve(answer)
    }

    private mutating func didResolve(_ answer: NameAnswer) {
        let isFound = answer.v6 == .addresses || answer.v4 == .addresses
        if isFound { route.take(answer) }
        let isAbsent =
            [.none, .notFound].contains(answer.v4) && [.none, .notFound].contains(answer.v6)
        for index in 0..<carriers.used {
            let slot = UInt32(truncatingIfNeeded: index)
            guard carriers[slot].state == .resolving else { continue }
            // Without an answer the addresses of before may still be the right ones.
            if route.count > 0, isFound || !isAbsent {
                dial(slot)
            } else {
                fail(slot, isAbsent ? .nameNotFound : .nameServers)
            }
        }
    }

    private mutating func dial(_ slot: UInt32) {
        carriers[slot].state = .connecting
        carriers[slot].dialled += 1
        let endpoint = route.endpoint
        let options = sockets[endpoint.address]
        let socket = queue.makeSocket(endpoint.address.family, source: nil, options: options)
        guard socket >= 0 else { return connectFailed(slot, .unreachable(-socket)) }
        carriers[slot].socket = socket
        let timeout = ClientConfiguration.connectTimeout / (route.count > 1 ? 3 : 1)
        deadlines.set(slot, at: now + timeout)
        queue.connect(socket, to: endpoint, token: submitted(.connect, slot))
    }

    private mutating func didConnect(_ slot: UInt32, _ result: Int32) {
        guard result == 0 else { return connectFailed(slot, .unreachable(-result)) }
        deadlines.clear(slot)
        carriers[slot].state = .busy
        beginRequest(slot)
    }

    /// An attempt has failed: the next address is tried, if there is one.
    private mutating func connectFailed(_ slot: UInt32, _ fault: Fault) {
        route.fail()
        let mayGoOn = carriers[slot].dialled < route.count && carriers[slot].inFlight == 0
        guard mayGoOn else { return fail(slot, fault) }
        queue.close(carriers[slot].socket, token: Token(.close).rawValue)
        carriers[slot].socket = -1
        dial(slot)
    }

    // MARK: Sending

    private mutating func sendRequest(_ slot: UInt32) {
        guard carriers[slot].state == .busy, !carriers[slot].isSending,
            !carriers[slot].awaitsRoom, let bytes = nextBytes(slot)
        else { return }
        carriers[slot].isSending = true
        let token = submitted(.sendRequest, slot)
        queue.send(carriers[slot].socket, from: bytes, token: token)
    }

    /// What is to be sent next, as far as it lies in one piece; nil if all has been sent.
    private func nextBytes(_ slot: UInt32) -> Extent? {
        let carrier = carriers[slot]
        if carrier.headSent < carrier.headCount {
            return requests[Int(slot)].part(carrier.headSent..<carrier.headCount)
        }
        let outlet = session.outlets[carrier.lane]
        guard carrier.bodyNext < carrier.bodyEnd, carrier.bodyNext >= outlet.acknowledged
        else { return nil }
        let count = Int(carrier.bodyEnd - carrier.bodyNext)
        return lanes[carrier.lane].part(outlet.piece(from: carrier.bodyNext, countMax: count))
    }

    private mutating func didSendRequest(_ slot: UInt32, _ result: Int32) {
        guard carriers[slot].state == .busy else { return }
        if result == -Errno.again {
            carriers[slot].awaitsRoom = true
            let token = submitted(.awaitRoom, slot)
            return queue.poll(carriers[slot].socket, events: .writable, token: token)
        }
        // Who cut the connection may have said why before: the receive tells.
        guard result > 0 else { return }
        if carriers[slot].errand == .send {
            let (lane, serial) = (carriers[slot].lane, carriers[slot].serial)
            schedule.uploadMoved(lane, serial: serial, now.nanoseconds)
        }
        if carriers[slot].headSent < carriers[slot].headCount {
            carriers[slot].headSent += Int(result)
        } else {
            carriers[slot].bodyNext += UInt64(result)
        }
        sendRequest(slot)
    }

    mutating func receiveAnswer(_ slot: UInt32) {
        guard !carriers[slot].isReceiving else { return }
        carriers[slot].isReceiving = true
        let room = inputs[Int(slot)].part(carriers[slot].received..<inputs.blockSize)
        let token = submitted(.receiveAnswer, slot)
        queue.receive(carriers[slot].socket, into: room, token: token)
    }

    // MARK: Ending

    /// The answer has come whole: the connection waits for the next request, if it can be used
    /// again.
    mutating func rest(_ slot: UInt32) {
        let carrier = carriers[slot]
        carriers[slot].errand = .none
        guard carrier.head?.persists == true, carrier.hasSentAll, carrier.received == 0,
            !carrier.isSending, phase != .over
        else { return close(slot) }
        carriers[slot].state = .idle
        carriers[slot].answerCount += 1
        deadlines.set(slot, at: now + ClientConfiguration.idleTimeout)
        // It tells when the other side closes.
        receiveAnswer(slot)
    }

    /// Terminates: what is under way is cancelled, and the socket closed when all has ended.
    mutating func close(_ slot: UInt32) {
        guard carriers[slot].state != .closing, carriers[slot].state != .free else { return }
        if carriers[slot].state == .connecting {
            cancelCarrier(.connect, slot)
        }
        carriers[slot].state = .closing
        carriers[slot].errand = .none
        deadlines.clear(slot)
        if carriers[slot].isReceiving { cancelCarrier(.receiveAnswer, slot) }
        if carriers[slot].awaitsRoom { cancelCarrier(.awaitRoom, slot) }
        closeIfQuiet(slot)
    }

    private mutating func cancelCarrier(_ operation: ClientOperation, _ slot: UInt32) {
        let target = token(operation, slot)
        queue.cancel(target, token: submitted(.cancelCarrier, slot))
    }

    private mutating func closeIfQuiet(_ slot: UInt32) {
        guard carriers[slot].inFlight == 0 else { return }
        if carriers[slot].socket >= 0 {
            queue.close(carriers[slot].socket, token: Token(.close).rawValue)
        }
        carriers[slot].socket = -1
        carriers[slot].state = .free
        carriers.release(slot)
    }
}

internal import Connect
internal import Kernel
internal import Relay
internal import Resolver

/// Refusing a request: answer → FIN → discard → terminate.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    /// Answers that the request is refused, and why; then the connection closes in stages (RFC 9112
    /// section 9.6), so that a reset doesn't overtake the answer.
    ///
    /// Nothing that the client still sends is parsed.
    mutating func refuse(_ refusal: Refusal, _ worker: inout Worker) {
        guard state != .refusing, state != .closing else { return }
        endOpeningPhase(worker)
        var code: Int32 = 0
        var refusal = refusal
        if let opening {
            if worker.openings[opening].failure == refusal {
                code = worker.openings[opening].failureCode
            }
            if worker.openings[opening].parent >= 0 { refusal = refusal.ofParent }
        }
        if refusal.isByLimit { worker.counters.limitRefused.add() }
        let ending = Ending(cause: .refused, side: .proxy, refusal: refusal, code: code)
        if isStream { return refuseStream(refusal, as: ending, &worker) }
        refuse(ending, &worker) { name, sink in
            Answer.write(refusal, name: name, to: &sink)
        }
    }

    /// The phase in which it is refused ends, so that the journal tells how long it took.
    func endOpeningPhase(_ worker: borrowing Worker) {
        switch state {
        case .resolving: worker.endPhase(.resolve, of: slot)
        case .dialling: worker.endPhase(.connect, of: slot)
        case .askingParent: worker.endPhase(.answer, of: slot)
        default: break
        }
    }

    /// Answers with what `write` writes, for the reason of `ending`.
    mutating func refuse(
        _ ending: Ending,
        _ worker: inout Worker,
        _ write: (String, inout ExtentSink) -> Void
    ) {
        guard let opening, state != .refusing, state != .closing else { return }
        beCountedNoMore(&worker)
        stopWaiting(&worker)
        cancelAttempts(&worker)
        if state == .askingParent { cancelAsking(&worker) }
        state = .refusing
        self.ending = ending
        worker.counters.refused.add()
        worker.deadlines.set(slot, at: worker.now + Tunnel.lingerNanoseconds)
        var sink = ExtentSink(answerBlock(opening, worker))
        write(worker.terms.name, &sink)
        worker.openings[opening].answerCount = sink.count
        worker.openings[opening].answerSent = 0
        sendRefusal(&worker)
    }

    /// Where the answer is written: behind the head, into which a receive may still be going on.
    private func answerBlock(_ opening: UInt32, _ worker: borrowing Worker) -> Extent {
        let head = worker.terms.configuration.headBytesMax
        return worker.openings.block(opening).part(head..<head + Terms.answerBytesMax)
    }

    private mutating func sendRefusal(_ worker: inout Worker) {
        guard let opening else { return }
        let sent = worker.openings[opening].answerSent
        let rest = answerBlock(opening, worker).part(sent..<worker.openings[opening].answerCount)
        worker.queue.send(client, from: rest, token: submitted(.sendRefusal))
    }

    mutating func didSendRefusal(_ result: Int32, _ worker: inout Worker) {
        guard let opening else { return }
        guard result > 0 else { return terminate(&worker) }
        worker.openings[opening].answerSent += Int(result)
        guard worker.openings[opening].answerSent == worker.openings[opening].answerCount else {
            return sendRefusal(&worker)
        }
        guard !isTurnedAway || mayLinger(worker) else { return terminate(&worker) }
        _ = worker.queue.shutdownSending(client)
        // A receive of the head that is still under way serves as the first to discard.
        if !worker.openings[opening].isReceiving { discard(&worker) }
    }

    /// Whether it was refused as soon as it was accepted, so that nothing counts it.
    ///
    /// Whoever is at a limit comes again at no cost: few of those linger, the others are closed at
    /// once behind the answer.
    var isTurnedAway: Bool {
        !isAdmitted && !isStream && refusalOfTunnel == nil
    }

    /// Whether a client that was turned away may be waited for.
    private func mayLinger(_ worker: borrowing Worker) -> Bool {
        guard worker.turnedAwayCount <= worker.turnedAwayMax else { return false }
        return worker.descriptorCount <= worker.room.lingerMax
    }

    private mutating func discard(_ worker: inout Worker) {
        guard let opening else { return }
        let head = 0..<worker.terms.configuration.headBytesMax
        let memory = worker.openings.block(opening).part(head)
        worker.openings[opening].isReceiving = true
        worker.queue.receive(client, into: memory, token: submitted(.discard))
    }

    mutating func didDiscard(_ result: Int32, _ worker: inout Worker) {
        guard let opening else { return }
        worker.openings[opening].isReceiving = false
        let isAnswered =
            worker.openings[opening].answerSent == worker.openings[opening].answerCount
        guard result > 0 else {
            // The client may have said all and still read: its answer goes out first.
            return isAnswered ? terminate(&worker) : ()
        }
        worker.openings[opening].discarded += Int(result)
        guard worker.openings[opening].discarded < Int(Tunnel.discardMax) else {
            return terminate(&worker)
        }
        discard(&worker)
    }
}

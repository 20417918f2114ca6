internal import Connect
internal import Internet
internal import Kernel
internal import Policy
internal import Relay
internal import Resolver

/// Going to the target by way of another proxy, the parent that the rule names.
///
/// The parent is found and dialled as a target is, and then asked for the target by a CONNECT of
/// our own. What it sends behind its answer belongs to the tunnel. Request and answer stand where
/// the two flows keep, later on, what their sinks have no room for.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    // MARK: Turning to it

    /// Turns to the parent if the rules say so whatever the addresses of `host` are; whether they
    /// do.
    ///
    /// An address that the client has named is judged here like any other.
    mutating func turnsToParent(for host: Host, _ worker: inout Worker) -> Bool {
        guard case .name = host, let opening, let route = worker.routeByName(opening) else {
            return false
        }
        turn(to: route.parent, by: route.decision, asking: nil, &worker)
        return true
    }

    /// Turns to `parent`, by `decision`, to ask it for `address`, or else for the name that our
    /// client has asked for.
    mutating func turn(
        to parent: Int32,
        by decision: Decision,
        asking address: Address?,
        _ worker: inout Worker
    ) {
        guard let opening else { return }
        worker.keep(decision, of: slot)
        guard !hasComeAround(worker) else { return refuse(.proxyLoop, &worker) }
        guard beCounted(by: decision, &worker) else {
            return refuse(worker.openings[opening].failure ?? .ruleLimit, &worker)
        }
        stopWaiting(&worker)
        worker.openings[opening].parent = parent
        worker.openings[opening].parentDecision = decision
        worker.openings[opening].askedAddress = address
        worker.openings[opening].candidates = Candidates()
        worker.openings[opening].hasTaken6 = false
        worker.openings[opening].hasTaken4 = false
        worker.openings[opening].isResolved = false
        worker.openings[opening].dialFrom = nil
        worker.openings[opening].failure = nil
        let authority = worker.parents[parent].authority
        worker.openings[opening].port = authority.port
        find(authority.host, &worker)
    }

    /// Whether this request has been here before: then a parent of ours has us for its parent.
    private func hasComeAround(_ worker: borrowing Worker) -> Bool {
        guard let opening else { return false }
        let head = worker.openings.block(opening).part(0..<worker.openings[opening].headCount)
        return head.withBytes { HeadFields.have(Pseudonym.text, in: "via", $0) }
    }

    /// There are new rules, by which the request, for a target at `port`, may be: if it is on its
    /// way to a parent, refuses it unless it still goes there, and else has it as they say.
    mutating func keepParent(port: UInt16, _ worker: inout Worker) {
        guard let opening, worker.openings[opening].parent >= 0 else { return }
        let parent = worker.openings[opening].parent
        guard let route = worker.route(opening), route.parent == parent else {
            return refuse(.rulesChanged, &worker)
        }
        worker.openings[opening].parentDecision = route.decision
        // If it isn't connected yet, that is done once it is.
        guard state == .askingParent else { return }
        worker.openings[opening].tls = worker.terms.tls.requirement(port: port)
        worker.follow(route.decision, of: slot, opening)
        _ = beLimited(by: route.decision, &worker)
    }

    // MARK: Asking it

    /// The parent is connected: asks it for the target.
    mutating func askParent(_ worker: inout Worker) {
        guard let opening else { return }
        state = .askingParent
        let configuration = worker.terms.configuration
        let patience = configuration.resolveTimeout &+ configuration.connectTimeout
        worker.openings[opening].deadline = worker.now + patience
        setOpeningTimer(&worker, nil)
        holdings[.outbound].overflows = true
        holdings[.inbound].overflows = true
        var sink = ExtentSink(parentBlock(.outbound, worker))
        guard writeRequest(&sink, &worker), !sink.hasOverflowed else {
            forgetRequest(&worker)
            return refuse(.proxyLoop, &worker)
        }
        worker.openings[opening].parentCount = sink.count
        sendToParent(&worker)
    }

    private func writeRequest(_ sink: inout ExtentSink, _ worker: inout Worker) -> Bool {
        guard let opening, var authority = authority(&worker) else {
            preconditionFailure("a head that was whole isn't any more")
        }
        if let address = worker.openings[opening].askedAddress {
            authority = Authority(host: .address(address), port: authority.port) ?? authority
        }
        let minorVersion = head(&worker)?.minorVersion ?? 1
        let parent = worker.parents[worker.openings[opening].parent]
        // That of a stream is empty.
        let head = worker.openings.block(opening).part(0..<worker.openings[opening].headCount)
        return head.withBytes { bytes in
            ParentRequest.write(
                authority,
                head: bytes,
                minorVersion: minorVersion,
                pseudonym: Pseudonym.text,
                authorization: parent.authorization,
                to: &sink
            )
        }
    }

    private func parentBlock(_ direction: Direction, _ worker: borrowing Worker) -> Extent {
        worker.overflow[overflowBlock(direction)].part(0..<Terms.parentBytesMax)
    }

    private mutating func sendToParent(_ worker: inout Worker) {
        guard let opening else { return }
        let sent = worker.openings[opening].parentSent
        let rest = parentBlock(.outbound, worker).part(sent..<worker.openings[opening].parentCount)
        worker.queue.send(upstream, from: rest, token: submitted(.sendToParent))
    }

    mutating func didSendToParent(_ result: Int32, _ worker: inout Worker) {
        guard state == .askingParent, let opening else { return }
        guard result > 0 else { return refuse(.parentClosed, &worker) }
        worker.openings[opening].parentSent += Int(result)
        guard worker.openings[opening].parentSent == worker.openings[opening].parentCount else {
            return sendToParent(&worker)
        }
        forgetRequest(&worker)
        receiveFromParent(&worker)
    }

    /// Nothing of credentials stays where the request was.
    private mutating func forgetRequest(_ worker: inout Worker) {
        parentBlock(.outbound, worker).clear()
        emptyOverflow(.outbound, &worker)
    }

    private mutating func receiveFromParent(_ worker: inout Worker) {
        guard let opening else { return }
        let received = worker.openings[opening].parentReceived
        let room = parentBlock(.inbound, worker).part(received..<Terms.parentBytesMax)
        worker.queue.receive(upstream, into: room, token: submitted(.receiveFromParent))
    }

    mutating func didReceiveFromParent(_ result: Int32, _ worker: inout Worker) {
        guard state == .askingParent, let opening else { return }
        guard result > 0 else { return refuse(.parentClosed, &worker) }
        worker.openings[opening].parentReceived += Int(result)
        readAnswer(&worker)
    }

    private mutating func readAnswer(_ worker: inout Worker) {
        guard let opening else { return }
        while true {
            let bytes = parentBlock(.inbound, worker)
                .part(0..<worker.openings[opening].parentReceived)
            let limits = Terms.parentHead
            switch bytes.withBytes({
                worker.openings[opening].answerParser.parse($0, limits: limits)
            })
            {
            case .incomplete: return receiveFromParent(&worker)
            case .malformed: return refuse(.parentMalformed, &worker)
            // Neither answers a CONNECT, and a 304 has no body that could say so.
            case .complete(let head) where head.status == 101 || head.status == 304:
                return refuse(.parentMalformed, &worker)
            case .complete(let head) where head.status < 200:
                // The final one comes behind it, before long.
                worker.openings[opening].interimCount += head.byteCount
                guard worker.openings[opening].interimCount <= Terms.parentBytesMax else {
                    return refuse(.parentMalformed, &worker)
                }
                take(behind: head.byteCount, &worker)
                worker.openings[opening].answerParser = ResponseHeadParser(toConnect: true)
            case .complete(let head) where head.status < 300:
                take(behind: head.byteCount, &worker)
                if worker.openings[opening].parentReceived == 0 { emptyOverflow(.inbound, &worker) }
                return answer(&worker)
            case .complete(let head): return passOn(head, &worker)
            }
        }
    }

    /// Moves what has come behind the first `count` bytes to the front.
    private func take(behind count: Int, _ worker: inout Worker) {
        guard let opening else { return }
        let received = worker.openings[opening].parentReceived
        let block = parentBlock(.inbound, worker)
        block.part(count..<received).copy(to: block)
        worker.openings[opening].parentReceived = received - count
    }

    /// Cancels what may be in flight; what comes of it is of no interest.
    mutating func cancelAsking(_ worker: inout Worker) {
        cancel(.sendToParent, &worker)
        cancel(.receiveFromParent, &worker)
    }

    // MARK: Its refusal

    /// The parent refuses: so do we, in its words.
    private mutating func passOn(_ head: ResponseHead, _ worker: inout Worker) {
        guard head.status != 407, head.status != 401 else { return refuse(.parentLogin, &worker) }
        let block = parentBlock(.inbound, worker).part(0..<head.byteCount)
        holdings[.outbound].overflows = true
        var status = ExtentSink(parentBlock(.outbound, worker))
        let isGood = block.withBytes {
            HeadFields.mayBeListed("proxy-status", in: $0)
                && HeadFields.write(
                    "proxy-status",
                    of: $0,
                    countMax: ParentRequest.statusBytesMax,
                    to: &status
                )
        }
        let words = parentBlock(.outbound, worker).part(0..<(isGood ? status.count : 0))
        endOpeningPhase(worker)
        worker.counters.parentRefused.add()
        let ending = Ending(cause: .parentRefused, side: .upstream, status: head.status)
        if isStream { return refuseStream(.parentRefused, as: ending, &worker) }
        refuse(ending, &worker) { name, sink in
            words.withBytes { Answer.write(passing: head.status, $0, name: name, to: &sink) }
        }
    }
}

/// What this process is called in Via: nobody else is called so.
enum Pseudonym {
    static let text = "culvert-" + String(UInt64.random(in: .min ... .max), radix: 16)
}

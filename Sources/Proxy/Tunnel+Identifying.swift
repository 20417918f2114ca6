internal import Connect
internal import Internet
internal import Kernel
internal import Resolver

/// Finding out who asks, where only known users may.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    /// The head is whole: what it asks for is decided once it is known who asks.
    mutating func identify(_ head: ConnectHead, _ worker: inout Worker) {
        worker.note(head.authority, for: slot)
        if let refusalOfTunnel { return refuse(refusalOfTunnel, &worker) }
        guard let gate = worker.gate else { return decide(head.authority, &worker) }
        defer { worker.presented[0].clear() }
        guard let credentials = credentials(head, worker) else {
            return refuse(.credentialsMissing, &worker)
        }
        let tag = gate.tag(credentials)
        if gate.confirms(worker.known[tag.place], tag, worker.now) {
            return admit(head, credentials, &worker)
        }
        let client = worker.records[Int(slot)].client?.address ?? Address(v4: 0)
        let asker = Gate.Asker(worker: worker.index, slot: slot, generation: generation)
        guard let finding = gate.ask(credentials, tag, client, asker, worker.now) else {
            state = .identifying
            worker.deadlines.set(slot, at: worker.now + worker.terms.configuration.headTimeout)
            return
        }
        follow(finding, head, credentials, &worker)
    }

    /// The gate has found out about the credentials.
    mutating func didIdentify(_ finding: Gate.Finding, _ worker: inout Worker) {
        // The parser remembers what the head is.
        guard let head = head(&worker) else {
            preconditionFailure("a head that was whole isn't any more")
        }
        if case .good(let known) = finding, worker.gate?.isCurrent(known) != true {
            // The users are others by now.
            return identify(head, &worker)
        }
        defer { worker.presented[0].clear() }
        guard let credentials = credentials(head, worker) else {
            preconditionFailure("credentials that were there aren't any more")
        }
        follow(finding, head, credentials, &worker)
    }

    private mutating func follow(
        _ finding: Gate.Finding,
        _ head: ConnectHead,
        _ credentials: Presented,
        _ worker: inout Worker
    ) {
        switch finding {
        case .good(let known):
            worker.known[known.tag.place] = known
            admit(head, credentials, &worker)
        case .refused(let refusal): refuse(refusal, &worker)
        }
    }

    private mutating func admit(
        _ head: ConnectHead,
        _ credentials: Presented,
        _ worker: inout Worker
    ) {
        worker.note(user: credentials.user, for: slot)
        decide(head.authority, &worker)
    }

    /// The head, which is whole.
    func head(_ worker: inout Worker) -> ConnectHead? {
        guard let opening else { return nil }
        let bytes = worker.openings.block(opening).part(0..<worker.openings[opening].received)
        let limits = worker.terms.head
        let outcome = bytes.withBytes { worker.openings[opening].parser.parse($0, limits: limits) }
        guard case .complete(let head) = outcome else { return nil }
        return head
    }

    /// What the client says of itself; nil if it says nothing that is understood.
    private func credentials(_ head: ConnectHead, _ worker: borrowing Worker) -> Presented? {
        guard let opening, let range = head.credentials else { return nil }
        let text = worker.presented[0]
        var sink = ExtentSink(text)
        let form = worker.openings.block(opening).part(0..<head.byteCount).withBytes {
            BasicCredentials(parsing: $0, in: range, into: &sink)
        }
        return form.map { Presented(text: text, form: $0) }
    }
}

internal import Connect
internal import Kernel
internal import Policy
internal import Relay
internal import Resolver

/// Holding a tunnel that must be TLS until its client has shown that it is.
///
/// What the client sends after the 200, and what it sent before, is held until it is a ClientHello
/// that may pass; then all of it goes on as it came. Nothing is read from the upstream meanwhile:
/// what it sends, its end included, waits in its socket, so that a protocol in which the server
/// speaks first gets nowhere.
///
/// A tunnel that may not pass ends with a reset for the client, whatever it has sent by then. One
/// whose time is over ends with a FIN, as by any other timer, and so does one whose client ends
/// without having sent a byte. The upstream has had no byte, and sees its connection closed.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    /// The 200 has been sent: looks at what has come behind the head already.
    mutating func readHello(_ worker: inout Worker) {
        state = .readingHello
        worker.deadlines.set(slot, at: worker.now + worker.terms.configuration.tlsHelloTimeout)
        parseHello(&worker)
    }

    private mutating func receiveHello(_ worker: inout Worker) {
        guard let opening, !isStream else { return }
        let end = worker.openings[opening].headCount + HelloParser.byteCountMax
        let room = worker.openings.block(opening).part(worker.openings[opening].received..<end)
        worker.queue.receive(client, into: room, token: submitted(.receiveHello))
    }

    mutating func didReceiveHello(_ result: Int32, _ worker: inout Worker) {
        guard let opening else { preconditionFailure("a hello is read without an opening") }
        guard result >= 0 else { return fail(source: .outbound, -result, &worker) }
        guard result > 0 else {
            let isEmpty = worker.openings[opening].received == worker.openings[opening].headCount
            return isEmpty
                ? end(Ending(cause: .clientLeft, side: .client), &worker)
                : refuseTLS(.cutShort, &worker)
        }
        worker.openings[opening].received += Int(result)
        parseHello(&worker)
    }

    private mutating func parseHello(_ worker: inout Worker) {
        guard let opening else { return }
        let range = worker.openings[opening].headCount..<worker.openings[opening].received
        let bytes = worker.openings.block(opening).part(range)
        switch bytes.withBytes({ worker.openings[opening].helloParser.parse($0) }) {
        case .incomplete: receiveHello(&worker)
        case .refused(let fault): refuseTLS(.notTLS(fault), &worker)
        case .complete(let hello):
            let requirement = worker.openings[opening].tls
            guard let host = authority(&worker)?.host else {
                preconditionFailure("a head that was whole isn't any more")
            }
            if let refusal = worker.terms.tls.refusal(of: hello, to: host, requirement) {
                return refuseTLS(refusal, &worker)
            }
            worker.endPhase(.hello, of: slot)
            startRelaying(&worker)
        }
    }

    /// Whom the client has asked for.
    func authority(_ worker: inout Worker) -> Authority? {
        guard isStream, let opening else { return head(&worker)?.authority }
        return worker.openings[opening].authority
    }

    /// Ends a tunnel that is not what it must be.
    mutating func refuseTLS(_ refusal: TLSRefusal, _ worker: inout Worker) {
        switch refusal {
        case .notTLS, .cutShort: worker.counters.notTLS.add()
        case .nameMissing: worker.counters.serverNamesMissing.add()
        case .nameMismatch: worker.counters.serverNamesRefused.add()
        case .encryptedHello: worker.counters.encryptedHellosRefused.add()
        case .timeout: worker.counters.helloTimeouts.add()
        }
        worker.endPhase(.hello, of: slot)
        if refusal != .timeout, !isStream { worker.queue.makeAbortive(client) }
        end(Ending(cause: .tlsRefused, side: .proxy, tls: refusal), &worker)
    }
}

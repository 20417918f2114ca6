internal import Kernel
internal import Relay
internal import Resolver

/// What a tunnel needs only once no byte has moved for a moment, and most tunnels never do.
extension Tunnel where Queue: ~Copyable, Names: ~Copyable {
    /// When it rests, unless bytes move until then.
    func restFrom(_ worker: borrowing Worker) -> Instant {
        lastActivity + worker.terms.configuration.restAfter
    }

    /// Whether there is something to do once it rests.
    func hasWorkAtRest(_ worker: borrowing Worker) -> Bool {
        unwatchedEnd != nil
            || !isKeptAlive && worker.terms.configuration.keepaliveSeconds > 0
    }

    /// It rests: from now on a peer that breaks, or is gone, is noticed though nothing is sent.
    mutating func rest(_ worker: inout Worker) {
        if let direction = unwatchedEnd { watchHangUp(direction, &worker) }
        let seconds = worker.terms.configuration.keepaliveSeconds
        guard !isKeptAlive, seconds > 0 else { return }
        isKeptAlive = true
        if client >= 0 { worker.queue.keepAlive(client, seconds: seconds) }
        worker.queue.keepAlive(upstream, seconds: seconds)
    }

    /// The direction whose source has ended and isn't watched.
    ///
    /// Nobody reads from there any more, but it may still break. While the other direction is busy
    /// its sends notice that, and most tunnels end soon after.
    private var unwatchedEnd: Direction? {
        guard duplex.isHalfClosed else { return nil }
        let direction: Direction = duplex.outbound.phase == .ended ? .outbound : .inbound
        return holdings[direction].watchesHangUp || source(direction) < 0 ? nil : direction
    }
}

internal import Kernel

/// What a client tunnel of a mix does once it stands.
extension ClientTunnel {
    /// Begins what its kind does.
    mutating func runKind(_ client: inout ClientServices) {
        guard let mix = client.script.mix, let kind = course.kind else { return }
        messagesLeft = kind == .chatty ? course.random.scale(in: mix.messages) : 1
        switch kind {
        case .short, .chatty: sendDrawn(&client)
        case .bulk: runExchange(&client)
        case .idle: stand(still: mix.stand, &client)
        }
    }

    /// A message of a mix has come back.
    mutating func goOn(_ client: inout ClientServices) {
        messagesLeft -= 1
        guard let mix = client.script.mix, messagesLeft > 0, client.phase < .finish else {
            return end(&client)
        }
        stand(still: mix.think, &client)
    }

    /// The time to stand still is over, or cut short.
    mutating func wake(_ client: inout ClientServices) {
        precondition(state == .idle)
        client.idle -= 1
        state = .running
        sendDrawn(&client)
    }

    /// Counts bytes of a stream for its kind.
    mutating func countBytes(_ count: Int, _ client: inout ClientServices) {
        guard course.kind != nil, client.isMeasuring else { return }
        client.station.tally.of(course.kind) { $0.bytes += count }
    }

    private mutating func sendDrawn(_ client: inout ClientServices) {
        guard let mix = client.script.mix else { return }
        let size = Int(course.random.scale(in: mix.size))
        sendMessage(of: size, due: client.station.now, &client)
    }

    private mutating func stand(still range: ClosedRange<UInt64>, _ client: inout ClientServices) {
        guard client.phase < .finish else { return sendDrawn(&client) }
        state = .idle
        client.idle += 1
        let due = client.station.now + course.random.scale(in: range)
        let payload = UInt64(conduit.generation) << 32 | UInt64(conduit.slot)
        client.timers.set(payload, at: due)
        // The order goes out.
        pump(&client)
    }
}

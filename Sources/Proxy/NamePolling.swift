package import Kernel
package import Resolver

/// Polling the sockets of a name service on a ring.
extension NameService where Self: ~Copyable {
    /// Polls for what has become of interest.
    package mutating func poll(on queue: inout some SubmissionQueue & ~Copyable) {
        while let interest = nextInterest() {
            let token = Token(.nameSocket, generation: interest.generation, slot: interest.index)
            guard interest.reads || interest.writes else {
                // Polls that are still out would keep the closed socket, and its port, for ever.
                queue.cancelAll(token.rawValue, token: Token(.cancelNames).rawValue)
                continue
            }
            var events: PollEvents = []
            if interest.reads { events.insert(.readable) }
            if interest.writes { events.insert(.writable) }
            queue.poll(interest.descriptor, events: events, token: token.rawValue)
        }
    }

    /// A poll has ended with `result`.
    package mutating func didPoll(_ token: Token, _ result: Int32, _ now: Instant) {
        guard result > 0 else { return }
        let events = PollEvents(rawValue: UInt32(bitPattern: result))
        socketIsReady(
            token.slot,
            generation: token.generation,
            readable: !events.isDisjoint(with: [.readable, .error, .hangUp]),
            writable: events.contains(.writable),
            now: now
        )
    }
}

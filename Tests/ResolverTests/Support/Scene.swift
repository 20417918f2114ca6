import Glibc
import Internet
import Kernel
import Resolver

/// A resolver, the server it asks, and the loop that polls the sockets of both.
final class Scene {
    let server: FakeServer
    var resolver: CachingResolver
    /// By how much the test moved the clock forward.
    var nanosecondsAhead: UInt64 = 0
    private(set) var polled: [UInt32: SocketInterest] = [:]
    /// The notices so far, in their order.
    private(set) var notices: [UInt32] = []

    init(
        waitersMax: Int = 256,
        configure: (inout CachingResolver.Options) -> Void = { _ in },
        _ react: @escaping (Question) -> FakeServer.Reaction
    ) throws {
        server = FakeServer(react)
        var options = CachingResolver.Options()
        options.servers = [Endpoint(Address(v4: 0x7f00_0001), port: server.port)]
        options.queryTimeoutMilliseconds = 5000
        configure(&options)
        resolver = try CachingResolver(options, waitersMax: waitersMax)
    }

    var now: Instant { Instant.now() + nanosecondsAhead }

    func advance(seconds: UInt64) {
        nanosecondsAhead += seconds * 1_000_000_000
    }

    func start(_ text: String, waiter: UInt32 = 0) -> NameAnswer {
        guard let name = Name(text) else { preconditionFailure("a bad name") }
        return resolver.lookUp(name, waiter: waiter, now: now)
    }

    /// Looks up a name to the end; the last answer if that takes more than three seconds.
    func finish(_ text: String, waiter: UInt32 = 0) -> NameAnswer {
        let first = start(text, waiter: waiter)
        if first.isComplete { return first }
        run { self.resolver.answer(for: waiter).isComplete }
        let answer = resolver.answer(for: waiter)
        resolver.release(waiter: waiter)
        return answer
    }

    /// Turns the loop until `isDone`, for three seconds at most.
    func run(until isDone: () -> Bool) {
        let end = Instant.now() + 3_000_000_000
        while !isDone(), Instant.now() < end { turn() }
    }

    /// Turns the loop for so long.
    func run(milliseconds: UInt64) {
        let end = Instant.now() + milliseconds * 1_000_000
        while Instant.now() < end { turn() }
    }

    /// What the loop would poll next; it then doesn't know of it.
    func nextInterest() -> SocketInterest? {
        resolver.nextInterest()
    }

    private func turn() {
        while let interest = resolver.nextInterest() {
            let isWanted = interest.reads || interest.writes
            polled[interest.index] = isWanted ? interest : nil
        }
        let sockets = Array(polled.values)
        let servers = server.descriptors
        var polls = sockets.map { interest in
            let events = (interest.reads ? POLLIN : 0) | (interest.writes ? POLLOUT : 0)
            return pollfd(fd: interest.descriptor, events: Int16(events), revents: 0)
        }
        polls += servers.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        _ = unsafe poll(&polls, nfds_t(polls.count), 2)
        for (index, descriptor) in servers.enumerated()
        where polls[sockets.count + index].revents != 0 {
            server.isReady(descriptor)
        }
        for (index, interest) in sockets.enumerated() where polls[index].revents != 0 {
            // One-shot: the socket is polled again only if it is announced again.
            polled[interest.index] = nil
            resolver.socketIsReady(
                interest.index,
                generation: interest.generation,
                readable: Int32(polls[index].revents) & POLLIN != 0,
                writable: Int32(polls[index].revents) & POLLOUT != 0,
                now: now
            )
        }
        if let deadline = resolver.nextDeadline, now >= deadline {
            resolver.deadlinePassed(now: now)
        }
        while let waiter = resolver.nextNotice() { notices.append(waiter) }
    }
}

extension AddressList {
    /// The texts of the addresses.
    var texts: [String] { (0..<count).map { self[$0].description } }
}

public import Internet
public import Kernel

/// The look-ups and the cache of one worker.
///
/// A name is asked for once, however many wait for it: AAAA first, then A at once after it
/// (RFC 8305, section 3), and never with a search domain. Each family is delivered as it comes.
public struct CachingResolver: ~Copyable, NameService {
    /// The bounds of a resolver.
    ///
    /// Times that begin with a server's word end at ours.
    public struct Options: Sendable {
        /// The servers to ask; if empty, those of `/etc/resolv.conf`.
        public var servers: [Endpoint] = []
        /// How many names are remembered.
        public var cacheEntriesMax = 4096
        /// How many seconds addresses are remembered at most.
        public var positiveTTLMax: UInt32 = 3600
        /// How many seconds the absence of a name or its addresses is remembered at most.
        public var negativeTTLMax: UInt32 = 60
        /// How many seconds a failure is remembered, so that nobody asks in a loop (RFC 9520).
        public var failureTTL: UInt32 = 1
        /// How long the first try of a question waits for its answer; later rounds wait longer.
        public var queryTimeoutMilliseconds = 1500
        /// How often each server is asked.
        public var tries = 2
        /// How long a question may be on its way in all: tries and their times are made to fit into
        /// it, for as many servers as there are; nil if nothing bounds them.
        public var timeoutMilliseconds: Int?
        /// How many names may be on their way at once; more are answered by failure.
        public var lookUpsMax = 16384
        /// The names that need no server.
        public var hosts = HostsFile()

        /// The defaults.
        public init() {}
    }

    /// How many sockets a resolver has at most: their indices are below.
    public static var socketsMax: Int { SocketTable.countMax }

    private var options: Options
    private var channel: AresChannel
    private var lookUps: LookUpTable
    private var waiters: WaiterTable

    /// Not later than the first timeout of a question on its way; nil if there is none.
    public private(set) var nextDeadline: Instant?

    /// A resolver for the waiters 0 to `waitersMax` - 1.
    ///
    /// Reads `/etc/resolv.conf`, so it blocks.
    public init(_ options: Options, waitersMax: Int) throws(ResolverError) {
        let waiters = try Self.makeWaiters(waitersMax)
        channel = try AresChannel(
            AresChannel.Options(
                servers: options.servers,
                patience: Patience(
                    firstMilliseconds: options.queryTimeoutMilliseconds,
                    tries: options.tries
                ),
                timeoutMilliseconds: options.timeoutMilliseconds
            )
        )
        self.options = options
        lookUps = LookUpTable(cachedMax: options.cacheEntriesMax)
        self.waiters = waiters
    }

    private static func makeWaiters(_ count: Int) throws(ResolverError) -> WaiterTable {
        do throws(SystemError) { return try WaiterTable(count: count) } catch {
            throw .memory(error)
        }
    }

    // MARK: Asking

    public mutating func lookUp(_ name: Name, waiter: UInt32, now: Instant) -> NameAnswer {
        release(waiter: waiter)
        if let answer = answerWithoutServers(name) { return answer }
        guard let found = lookUps.find(name) else {
            return start(LookUp(name: name), waiter, now)
        }
        let known = lookUps[found]
        if known.state == .pending {
            waiters.join(waiter, found, first: &lookUps[found].firstWaiter)
            return known.answer
        }
        var renewed = LookUp(name: name)
        for family in [Family.v6, .v4] where known.isFresh(family, now) {
            renewed.take(family, from: known)
        }
        if renewed.answer.isComplete { return known.answer }
        // What is still fresh stays known if there is no room to ask for the rest.
        guard hasRoom else { return renewed.answer.replacingPending(by: .failed) }
        // Those who still read the old answer keep it.
        lookUps.detach(found)
        return start(renewed, waiter, now)
    }

    public func answer(for waiter: UInt32) -> NameAnswer {
        guard let place = waiters.place(of: waiter) else { return NameAnswer(both: .failed) }
        return lookUps[place].answer
    }

    public mutating func nextNotice() -> UInt32? {
        waiters.nextNotice()
    }

    public mutating func release(waiter: UInt32) {
        guard let place = waiters.place(of: waiter) else { return }
        waiters.leave(waiter, first: &lookUps[place].firstWaiter)
        lookUps.freeIfUnused(place)
    }

    /// Asks for the families that are pending in `lookUp`.
    private mutating func start(
        _ lookUp: LookUp,
        _ waiter: UInt32,
        _ now: Instant
    ) -> NameAnswer {
        guard hasRoom else { return lookUp.answer.replacingPending(by: .failed) }
        let place = lookUps.insertPending(lookUp)
        waiters.join(waiter, place, first: &lookUps[place].firstWaiter)
        if lookUp.answer.v6 == .pending { channel.ask(lookUp.name, .v6, lookUp: place) }
        if lookUp.answer.v4 == .pending { channel.ask(lookUp.name, .v4, lookUp: place) }
        if channel.asksFormerServers { lookUps.disown(place) }
        // Those that were asked before may be backing off for longer than this one waits.
        let timeout = now + firstTimeout
        nextDeadline = nextDeadline.map { min($0, timeout) } ?? timeout
        settle(now: now)
        let answer = lookUps[place].answer
        if answer.isComplete { release(waiter: waiter) } else { waiters.dropNotice(of: waiter) }
        return answer
    }

    /// Whether one more name may be on its way.
    private var hasRoom: Bool { lookUps.pendingCount < options.lookUpsMax }

    /// The answer that needs no server: localhost, the hosts file, and names that can't be.
    private func answerWithoutServers(_ name: Name) -> NameAnswer? {
        if name.isLocalhost {
            var v6 = AddressList()
            var v4 = AddressList()
            v6.append(Address(v6: 0, 1))
            v4.append(Address(v4: 0x7f00_0001))
            return NameAnswer(v6: v6, v4: v4)
        }
        if let answer = options.hosts.answer(for: name) { return answer }
        return name.isInvalid ? NameAnswer(both: .notFound) : nil
    }

    /// The shortest time that a question waits before it is asked again.
    private var firstTimeout: UInt64 { UInt64(channel.patience.firstMilliseconds) * 1_000_000 }

    // MARK: Reloading

    public mutating func reload(_ hosts: HostsFile, now: Instant) {
        options.hosts = hosts
        meetNetwork(now: now)
    }

    public mutating func meetNetwork(now _: Instant) {
        lookUps.forgetAll()
        channel.makeOutdated()
    }

    // MARK: Replies

    /// Takes in all replies that came during the last call into the library.
    private mutating func settle(now: Instant) {
        while let reply = channel.nextReply() { take(reply, now) }
        if lookUps.pendingCount == 0 { nextDeadline = nil }
    }

    private mutating func take(_ reply: Reply, _ now: Instant) {
        let place = reply.lookUp
        let expiry = now + UInt64(lifetimeSeconds(reply)) * 1_000_000_000
        lookUps[place].take(reply, expiry: expiry)
        waiters.notice(from: lookUps[place].firstWaiter)
        if lookUps[place].answer.isComplete { lookUps.complete(place, now: now) }
    }

    private func lifetimeSeconds(_ reply: Reply) -> UInt32 {
        switch reply.answer {
        case .addresses: min(reply.seconds ?? 0, options.positiveTTLMax)
        case .none, .notFound: min(reply.seconds ?? 0, options.negativeTTLMax)
        case .failed, .timedOut: options.failureTTL
        case .pending: 0
        }
    }

    // MARK: Sockets and time

    public mutating func nextInterest() -> SocketInterest? {
        channel.nextInterest()
    }

    public mutating func socketIsReady(
        _ index: UInt32,
        generation: UInt16,
        readable: Bool,
        writable: Bool,
        now: Instant
    ) {
        let isKnown = channel.process(
            index,
            generation: generation,
            readable: readable,
            writable: writable
        )
        if isKnown { settle(now: now) }
    }

    /// How long the library isn't asked again what runs out next: each time it walks over all that
    /// is on its way.
    private static var lookAgain: UInt64 { 20_000_000 }

    public mutating func deadlinePassed(now: Instant) {
        channel.processTimeouts()
        settle(now: now)
        guard nextDeadline != nil else { return }
        // The library reads its own clock, a little later than ours, and tells whole milliseconds.
        let next = (channel.nanosecondsToTimeout() ?? firstTimeout) + 1_000_000
        nextDeadline = now + max(CachingResolver.lookAgain, next)
    }
}

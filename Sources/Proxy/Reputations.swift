package import Internet
package import Kernel

/// What clients are known for: whose credentials were wrong of late, and whose were good.
package struct Reputations {
    /// A client; of an IPv6 one its /64 counts.
    package struct Key: Hashable, Sendable {
        private let bits: UInt64
        private let isSix: Bool

        package init(_ client: Address) {
            isSix = client.family == .v6
            bits = isSix ? client.high : client.low
        }

        /// What a site has of addresses, or who rents some: a /24 of IPv4, a /48 of IPv6.
        var network: Network { Network(bits: isSix ? bits >> 16 | 1 << 63 : bits >> 8) }
    }

    /// The network that a client is in.
    struct Network: Hashable {
        fileprivate let bits: UInt64
    }

    /// Nanoseconds for which a client's failures count, from the first one on.
    package static var memory: UInt64 { 60_000_000_000 }
    /// The same for a network, each for as long at least: many are needed then to guess on and on.
    package static var networkMemory: UInt64 { 600_000_000_000 }
    /// Nanoseconds for which a client is a regular that has logged in: over a weekend.
    package static var regularMemory: UInt64 { 3 * 86400 * 1_000_000_000 }

    private var clients: Recent<Key, Failures>
    private var networks: Recent<Network, Failures>
    private var regulars: Recent<Key, Instant>

    package init() {
        clients = Recent(memory: Reputations.memory, countMax: 1 << 17)
        networks = Recent(memory: 2 * Reputations.networkMemory, countMax: 1 << 17)
        regulars = Recent(memory: Reputations.regularMemory, countMax: 1 << 16)
    }

    /// What `client` is known for.
    package func reputation(of client: Key, _ now: Instant) -> Reputation {
        Reputation(
            failures: clients[client] ?? Failures(),
            networkFailures: networks[client.network] ?? Failures(),
            isRegular: regulars[client].map { $0 > now } ?? false
        )
    }

    /// The credentials of `client` were wrong.
    package mutating func fails(_ client: Key, _ now: Instant) {
        var reputation = reputation(of: client, now)
        reputation.failures.add(now, Reputations.memory)
        let memory = Reputations.networkMemory
        reputation.networkFailures.add(now, memory, echo: memory)
        clients.remember(reputation.failures, of: client, now)
        networks.remember(reputation.networkFailures, of: client.network, now)
    }

    /// The credentials of `client` were good.
    package mutating func succeeds(_ client: Key, _ now: Instant) {
        regulars.remember(now + Reputations.regularMemory, of: client, now)
    }
}

/// What a client is known for.
package struct Reputation {
    /// How often it has failed of late.
    package var failures = Failures()
    /// How often all have failed that are in its network.
    package var networkFailures = Failures()
    /// Whether it has logged in of late.
    package var isRegular = false

    package init() {}

    init(failures: Failures, networkFailures: Failures, isRegular: Bool) {
        self.failures = failures
        self.networkFailures = networkFailures
        self.isRegular = isRegular
    }
}

/// How often somebody has failed, and until when that counts.
package struct Failures {
    private var sum = 0
    /// Those of the time before, which still count.
    private var earlier = 0
    private var until = Instant(nanoseconds: 0)
    private var end = Instant(nanoseconds: 0)

    package init() {}

    /// How many count.
    package func count(_ now: Instant) -> Int {
        if until > now { return earlier + sum }
        return end > now ? sum : 0
    }

    /// One more, which counts as long as the first: for `memory` nanoseconds from that on, and then
    /// for `echo` more, or as long as those that come meanwhile.
    mutating func add(_ now: Instant, _ memory: UInt64, echo: UInt64 = 0) {
        if until <= now {
            earlier = end > now ? sum : 0
            sum = 0
            until = now + memory
            end = until + echo
        }
        sum += 1
    }
}

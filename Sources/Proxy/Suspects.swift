internal import Internet
internal import Kernel

/// Clients whose credentials were wrong of late.
struct Suspects {
    /// A client; of an IPv6 one its /64 counts.
    struct Key: Hashable {
        private let bits: UInt64
        private let isSix: Bool

        init(_ client: Address) {
            isSix = client.family == .v6
            bits = isSix ? client.high : client.low
        }
    }

    private struct Suspect {
        var since: Instant
        var failures = 0
    }

    /// Nanoseconds for which failures count, from the first one on.
    static var memory: UInt64 { 60_000_000_000 }

    private var suspects: [Key: Suspect] = [:]
    /// With how many of them those are forgotten whose time is over.
    private var countMax = 65536

    /// How often `client` has failed of late.
    func failures(of client: Key, _ now: Instant) -> Int {
        guard let suspect = suspects[client], suspect.since + Suspects.memory > now else {
            return 0
        }
        return suspect.failures
    }

    /// `client` has failed; how often by now.
    mutating func fails(_ client: Key, _ now: Instant) -> Int {
        let failures = failures(of: client, now) + 1
        if failures == 1 {
            if suspects.count >= countMax { forget(now) }
            suspects[client] = Suspect(since: now)
        }
        suspects[client]?.failures = failures
        return failures
    }

    private mutating func forget(_ now: Instant) {
        suspects = suspects.filter { $0.value.since + Suspects.memory > now }
        countMax = max(countMax, 2 * suspects.count)
    }
}

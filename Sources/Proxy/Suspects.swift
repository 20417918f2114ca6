internal import Internet
internal import Kernel

/// Clients whose credentials were wrong of late, or aren't known to be right yet.
///
/// A try counts as a failure until it has passed, so many at once are no way around the limit. An
/// IPv6 client is its /64.
struct Suspects {
    private struct Suspect {
        var since: Instant
        var failures = 0
        var tries = 0
    }

    private struct Key: Hashable {
        let bits: UInt64
        let isSix: Bool

        init(_ client: Address) {
            isSix = client.family == .v6
            bits = isSix ? client.high : client.low
        }
    }

    /// Nanoseconds for which failures count, from the first one on.
    static var memory: UInt64 { 60_000_000_000 }
    private static var countMax: Int { 65536 }

    private var suspects: [Key: Suspect] = [:]

    /// Whether `client` may try once more, of at most `failuresMax`; 0 is no limit.
    mutating func mayTry(_ client: Address, _ failuresMax: Int, _ now: Instant) -> Bool {
        guard failuresMax > 0, var suspect = suspects[Key(client)] else { return true }
        if suspect.since + Suspects.memory <= now {
            suspect.since = now
            suspect.failures = 0
            suspects[Key(client)] = suspect
        }
        return suspect.failures + suspect.tries < failuresMax
    }

    /// `client` tries.
    mutating func tries(_ client: Address, _ now: Instant) {
        if suspects.count >= Suspects.countMax { forget(now) }
        suspects[Key(client), default: Suspect(since: now)].tries += 1
    }

    /// A try of `client` has passed.
    mutating func passes(_ client: Address) {
        guard var suspect = suspects[Key(client)] else { return }
        suspect.tries -= 1
        suspects[Key(client)] = suspect.tries + suspect.failures > 0 ? suspect : nil
    }

    /// A try of `client` has failed.
    mutating func fails(_ client: Address) {
        suspects[Key(client)]?.tries -= 1
        suspects[Key(client)]?.failures += 1
    }

    /// Forgets those whose time is over.
    private mutating func forget(_ now: Instant) {
        suspects = suspects.filter { $0.value.tries > 0 || $0.value.since + Suspects.memory > now }
    }
}

internal import MethodTunnel

/// Hashes with a key that is drawn when the process starts, so that nobody can choose them.
enum Keyed {
    /// The number that only these bytes have; never 0.
    static func number(_ bytes: Span<UInt8>) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(bytes.count)
        for index in bytes.indices { hasher.combine(bytes[index]) }
        return UInt64(truncatingIfNeeded: hasher.finalize()) | 1
    }

    /// The worker, of `count`, that makes the session of `nonce`: the same whoever is asked.
    static func home(_ nonce: SessionID, _ count: Int) -> Int {
        var hasher = Hasher()
        hasher.combine(nonce)
        return Int(UInt(bitPattern: hasher.finalize()) % UInt(count))
    }
}

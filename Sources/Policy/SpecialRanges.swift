internal import Internet

/// The special-purpose ranges that a rule can open, by naming them or a part of them.
enum SpecialRanges {
    private static let all = [
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "::1/128", "64:ff9b:1::/48", "2001:2::/48", "2001:db8::/32",
        "3fff::/20", "fc00::/7", "fe80::/10",
    ].compactMap { Prefix($0) }

    /// Those that nothing opens.
    private static let closed = [
        "0.0.0.0/8", "192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/128",
        "100::/64", "2001::/23", "5f00::/16", "fec0::/10", "ff00::/8",
    ].compactMap { Prefix($0) }

    /// Whether all of `network` is within one of them.
    static func contain(_ network: Prefix) -> Bool { all.contains { $0.contains(network) } }

    /// Whether some of `network` is within one of them.
    static func overlap(_ network: Prefix) -> Bool {
        all.contains { network.contains($0) || $0.contains(network) }
    }

    /// Whether all of `network` is within a range that nothing opens.
    static func areNeverDialled(_ network: Prefix) -> Bool {
        closed.contains { $0.contains(network) }
    }
}

extension Prefix {
    /// Whether all of `other` is in this range.
    fileprivate func contains(_ other: Prefix) -> Bool {
        length <= other.length && contains(other.network)
    }
}

internal import Policy
internal import Proxy

/// Reading the limits of a rule, key by key.
extension PolicyReader {
    private static let shared = ["tunnels", "new-per-second", "bytes-per-second"]
    private static let ways = ["up", "down"]
    private static var secondsMax: UInt64 { 366 * 86400 }

    mutating func readLimits(_ tree: Tree, _ read: inout ReadRule) {
        var limits = RuleLimits()
        for (word, value) in members(tree, of: "'limits'", PolicyReader.limitKeys) {
            switch word {
            case "bytes":
                limits.bytes = size(value, 1, 1 << 50) ?? 0
            case "lifetime":
                limits.lifetime = lifetime(value) ?? 0
            case "per-user":
                for (word, value) in members(value, of: "'per-user'", PolicyReader.shared) {
                    readShared(value, word, &limits.perUser)
                }
            default: readShared(value, word, &limits.all)
            }
        }
        read.rule.terms.limits = limits
        limitedRules += limits.isEmpty ? 0 : 1
        if limitedRules == RuleLimits.rulesMax + 1 {
            complain(tree, "at most \(RuleLimits.rulesMax) rules can have limits")
        }
    }

    private static let limitKeys = shared + ["bytes", "lifetime", "per-user"]

    private mutating func readShared(
        _ tree: Tree,
        _ word: String,
        _ limits: inout SharedLimits
    ) {
        switch word {
        case "tunnels": limits.tunnels = count(tree, 10_000_000) ?? 0
        case "new-per-second": limits.newPerSecond = count(tree, 1_000_000) ?? 0
        default:
            if case .map = tree.content {
                for (word, value) in members(tree, of: "'bytes-per-second'", PolicyReader.ways) {
                    let rate = rate(value) ?? 0
                    if word == "up" {
                        limits.upPerSecond = rate
                    } else {
                        limits.downPerSecond = rate
                    }
                }
            } else if let rate = rate(tree) {
                limits.upPerSecond = rate
                limits.downPerSecond = rate
            }
        }
    }

    // MARK: Values

    /// The members of a map that may have `known` keys; what else it has is complained of.
    private mutating func members(
        _ tree: Tree,
        of what: String,
        _ known: [String]
    ) -> [(String, Tree)] {
        guard case .map(let members) = tree.content, !members.isEmpty else {
            complain(tree, "\(what) is a map; allowed are \(known.joined(separator: ", "))")
            return []
        }
        return members.compactMap { member in
            guard let word = member.key.text, known.contains(word) else {
                complainOfKey(member.key, known)
                return nil
            }
            return (word, member.value)
        }
    }

    private mutating func count(_ tree: Tree, _ most: UInt64) -> UInt32? {
        let number = tree.text.flatMap { Quantities.number($0[...]) }
        guard let number, (1...most).contains(number) else {
            complain(tree, "allowed is a whole number from 1 to \(most)")
            return nil
        }
        return UInt32(number)
    }

    private mutating func rate(_ tree: Tree) -> UInt64? { size(tree, 1024, 1 << 40) }

    private mutating func size(_ tree: Tree, _ least: Int, _ most: Int) -> UInt64? {
        let bytes = tree.text.flatMap { Quantities.bytes($0) }
        guard let bytes, (least...most).contains(bytes) else {
            let (least, most) = (Quantities.text(bytes: least), Quantities.text(bytes: most))
            complain(
                tree,
                "allowed are bytes, bare or with B, KiB, MiB or GiB, from \(least) to \(most)"
            )
            return nil
        }
        return UInt64(bytes)
    }

    private mutating func lifetime(_ tree: Tree) -> UInt64? {
        let most = PolicyReader.secondsMax * 1_000_000_000
        let time = tree.text.flatMap { Quantities.nanoseconds($0) }
        guard let time, (100_000_000...most).contains(time) else {
            complain(tree, "allowed is a time with a unit, from 100ms to 8784h, as in 30s, 5m, 1h")
            return nil
        }
        return time
    }
}

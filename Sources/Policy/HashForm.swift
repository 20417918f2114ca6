/// The forms of password hashes that are strong enough (crypt(5)).
enum HashForm {
    /// Rounds that a hash may take, by the logarithm for bcrypt: some ten seconds of CPU.
    private static var bcryptCostMax: Int { 17 }
    private static var roundsMax: Int { 20_000_000 }

    /// What is wrong with `hash`, and what to do; nil if it is whole, of a strong method, and
    /// checked before a client has lost its patience.
    ///
    /// One with a setting that crypt(3) doesn't know would be no password's, and found so at once:
    /// names that aren't there are told from those that are by their time.
    static func fault(_ hash: String) -> String? {
        let parts = hash.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].isEmpty else { return weakness(hash) }
        let isWhole: Bool
        switch parts[1] {
        case "2a", "2b", "2y":
            isWhole = parts.count == 4 && isCost(parts[2]) && has(53...53, parts[3])
            if isWhole, Int(parts[2]) ?? 0 > bcryptCostMax { return slowness }
        case "5", "6":
            let rounds = parts[2].hasPrefix("rounds=") ? Int(parts[2].dropFirst(7)) : nil
            isWhole =
                parts.count == (rounds == nil ? 4 : 5) && isSalt(parts[parts.count - 2])
                && has(parts[1] == "5" ? 43...43 : 86...86, parts[parts.count - 1])
                && (rounds.map { (1000...999_999_999).contains($0) } ?? true)
            if isWhole, rounds ?? 0 > roundsMax { return slowness }
        case "y":
            isWhole =
                parts.count == 5 && parts[2].first == "j" && has(3...16, parts[2])
                && has(0...86, parts[3]) && has(43...43, parts[4])
        default: return weakness(hash)
        }
        return isWhole ? nil : "the hash is damaged; make a new one with 'culvert passwd'"
    }

    /// Whether `text` is the logarithm of bcrypt's rounds, in two digits.
    private static func isCost(_ text: Substring) -> Bool {
        text.utf8.count == 2 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            && (4...31).contains(Int(text) ?? 0)
    }

    /// Whether `text` may be a salt of SHA-256 and SHA-512, of which sixteen bytes count.
    private static func isSalt(_ text: Substring) -> Bool {
        text.utf8.count <= 16 && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }
    }

    /// Whether `text` is so many digits of crypt's base64.
    private static func has(_ counts: ClosedRange<Int>, _ text: Substring) -> Bool {
        counts.contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x2e...0x39, 0x41...0x5a, 0x61...0x7a: true
                default: false
                }
            }
    }

    private static let slowness =
        "the hash takes more time than a client waits; make a new one with 'culvert passwd'"

    private static func weakness(_ hash: String) -> String {
        let what =
            switch hash {
            case _ where hash.hasPrefix("$apr1$") || hash.hasPrefix("$1$"): "the hash is MD5"
            case _ where hash.hasPrefix("{SHA}"): "the hash is SHA-1 without a salt"
            case _ where hash.hasPrefix("$"): "the hash is of a method that is not known here"
            default: "this is no hash, or one of DES"
            }
        return "\(what); allowed are bcrypt, SHA-256, SHA-512 and yescrypt: make one with "
            + "'culvert passwd'"
    }
}

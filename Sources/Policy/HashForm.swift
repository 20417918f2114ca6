/// The forms of password hashes that are strong enough (crypt(5)).
enum HashForm {
    /// What is wrong with `hash`, and what to do; nil if it is whole and of a strong method.
    static func fault(_ hash: String) -> String? {
        let parts = hash.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].isEmpty else { return weakness(hash) }
        let isWhole: Bool
        switch parts[1] {
        case "2a", "2b", "2y": isWhole = parts.count == 4 && has(53, parts[3])
        case "5": isWhole = has(43, parts[parts.count - 1])
        case "6": isWhole = has(86, parts[parts.count - 1])
        case "y": isWhole = parts.count == 5 && has(43, parts[4])
        default: return weakness(hash)
        }
        return isWhole ? nil : "the hash is damaged; make a new one with 'culvert passwd'"
    }

    /// Whether `text` is so many digits of crypt's base64.
    private static func has(_ count: Int, _ text: Substring) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x2e...0x39, 0x41...0x5a, 0x61...0x7a: true
                default: false
                }
            }
    }

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

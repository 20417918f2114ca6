internal import Connect
internal import Internet

/// Host patterns by number.
///
/// Those that match a host are a chain: each is narrower than its parent.
struct HostTree: Sendable {
    private var words: WordTable
    /// The next wider pattern of each; -1 if there is none.
    private(set) var parents: [Int32] = []
    private var hasAddresses = false

    /// The tree of `patterns`, which are numbered in this order, each once.
    init(_ patterns: [HostPattern]) {
        words = WordTable(capacity: patterns.count)
        for pattern in patterns {
            _ = words.insert(HostTree.word(pattern), HostTree.hash(pattern))
            if case .exactly(.address) = pattern { hasAddresses = true }
        }
        parents = patterns.map { pattern in
            switch pattern {
            case .exactly(.address): -1
            case .exactly(.name(let name)), .below(let name): suffix(of: name).pattern
            }
        }
    }

    /// The narrowest pattern that matches `host`; -1 if none does.
    @inline(__always)
    func pattern(of host: Host) -> Int32 {
        switch host {
        case .name(let name):
            let (pattern, hash) = suffix(of: name)
            let exact = words.find(hash, name.count + 1) {
                $0 == 0 ? Kind.exactly.rawValue : name[$0 - 1]
            }
            return exact >= 0 ? exact : pattern
        case .address(let address):
            guard hasAddresses else { return -1 }
            return words.find(HostTree.hash(address), 18) { HostTree.byte($0, of: address) }
        }
    }

    /// The longest proper suffix of `name` that is a pattern, and the hash of the whole name.
    @inline(__always)
    private func suffix(of name: Name) -> (pattern: Int32, whole: WordHash) {
        var hash = WordHash(kind: 0)
        var pattern: Int32 = -1
        var index = name.count
        while index > 0 {
            index -= 1
            let byte = name[index]
            if byte == UInt8(ascii: ".") {
                let start = index + 1
                var suffix = hash
                suffix.add(Kind.below.rawValue)
                let found = words.find(suffix, name.count - start + 1) {
                    $0 == 0 ? Kind.below.rawValue : name[start + $0 - 1]
                }
                if found >= 0 { pattern = found }
            }
            hash.add(byte)
        }
        hash.add(Kind.exactly.rawValue)
        return (pattern, hash)
    }

    // MARK: Words

    /// The first byte of each word, which no name has.
    private enum Kind: UInt8 {
        case exactly = 1
        case below = 2
        case address = 3
    }

    /// The name as it is, behind its kind.
    private static func word(_ pattern: HostPattern) -> [UInt8] {
        var word: [UInt8] = []
        switch pattern {
        case .exactly(.name(let name)):
            word.append(Kind.exactly.rawValue)
            name.write(to: &word)
        case .below(let name):
            word.append(Kind.below.rawValue)
            name.write(to: &word)
        case .exactly(.address(let address)):
            word = (0..<18).map { byte($0, of: address) }
        }
        return word
    }

    /// The hash of a name from its end on, so that suffixes are met on the way.
    private static func hash(_ pattern: HostPattern) -> WordHash {
        if case .exactly(.address(let address)) = pattern { return hash(address) }
        var hash = WordHash(kind: 0)
        for byte in word(pattern).reversed() { hash.add(byte) }
        return hash
    }

    private static func hash(_ address: Address) -> WordHash {
        var hash = WordHash(kind: 0)
        for index in (0..<18).reversed() { hash.add(byte(index, of: address)) }
        return hash
    }

    private static func byte(_ index: Int, of address: Address) -> UInt8 {
        switch index {
        case 0: Kind.address.rawValue
        case 1: address.family.rawValue
        case 2..<10: UInt8(truncatingIfNeeded: address.high >> UInt64(8 * (9 - index)))
        default: UInt8(truncatingIfNeeded: address.low >> UInt64(8 * (17 - index)))
        }
    }
}

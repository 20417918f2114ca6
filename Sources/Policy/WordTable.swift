/// Finds the number of a string of bytes: a hash table that allocates nothing when it is asked.
///
/// Two strings that hash alike are told apart by their bytes, so nobody can make up a name that is
/// taken for another.
struct WordTable: Sendable {
    private struct Place {
        var tag: UInt32 = 0
        var word: Int32 = -1
    }

    private var places: [Place]
    private var bytes: [UInt8] = []
    private var ends: [Int32] = []
    private let mask: UInt64

    /// A table for up to `capacity` strings.
    init(capacity: Int) {
        var size = 4
        while size < 2 * capacity { size *= 2 }
        places = Array(repeating: Place(), count: size)
        mask = UInt64(size - 1)
    }

    /// How many strings it has.
    var count: Int { ends.count }

    /// The bytes of string number `word`.
    func bytes(of word: Int32) -> ArraySlice<UInt8> {
        bytes[start(of: word)..<Int(ends[Int(word)])]
    }

    /// The number of the string that hashes to `hash` and has `count` bytes, which are `byteAt` 0,
    /// 1 and so on; -1 if it isn't there.
    @inline(__always)
    func find(_ hash: WordHash, _ count: Int, _ byteAt: (Int) -> UInt8) -> Int32 {
        var index = hash.place & mask
        while true {
            let place = places[Int(index)]
            guard place.word >= 0 else { return -1 }
            if place.tag == hash.tag, isEqual(place.word, count, byteAt) { return place.word }
            index = (index + 1) & mask
        }
    }

    /// Adds `word`, which hashes to `hash`, unless it is there; its number.
    mutating func insert(_ word: [UInt8], _ hash: WordHash) -> Int32 {
        let known = find(hash, word.count) { word[$0] }
        guard known < 0 else { return known }
        precondition(2 * ends.count < places.count, "more words than there was to be room for")
        var index = hash.place & mask
        while places[Int(index)].word >= 0 { index = (index + 1) & mask }
        let number = Int32(ends.count)
        places[Int(index)] = Place(tag: hash.tag, word: number)
        bytes += word
        ends.append(Int32(bytes.count))
        return number
    }

    private func start(of word: Int32) -> Int { word == 0 ? 0 : Int(ends[Int(word) - 1]) }

    @inline(__always)
    private func isEqual(_ word: Int32, _ count: Int, _ byteAt: (Int) -> UInt8) -> Bool {
        let start = start(of: word)
        guard Int(ends[Int(word)]) - start == count else { return false }
        for index in 0..<count where bytes[start + index] != byteAt(index) { return false }
        return true
    }
}

/// A hash that grows byte by byte, and can be asked after each.
struct WordHash {
    private var state: UInt64

    /// The hash of nothing; `kind` keeps words of different kinds apart.
    init(kind: UInt64) { state = 0xcbf2_9ce4_8422_2325 &+ kind }

    /// Takes the next byte.
    @inline(__always)
    mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

    private var mixed: UInt64 {
        let folded = (state ^ state >> 32) &* 0x9e37_79b9_7f4a_7c15
        return folded ^ folded >> 29
    }

    /// Where to look first.
    var place: UInt64 { mixed }
    /// What most other words at that place don't have.
    var tag: UInt32 { UInt32(truncatingIfNeeded: mixed >> 32) }
}

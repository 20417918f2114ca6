/// The number that compiled rules have given to a user.
public struct UserNumber: Equatable, Sendable, BitwiseCopyable {
    let value: Int32

    /// Whoever isn't named by any rule, and isn't in any group.
    public static var nobody: UserNumber { UserNumber(value: -1) }
}

/// The users that rules name, themselves or by a group.
///
/// Users and groups are numbered together: what a condition names, and what a user is known as.
struct UserTable: Sendable {
    private let words: WordTable
    /// Where the numbers of each user are: the user's own, then those of the groups.
    private var ends: [Int32] = []
    private(set) var numbers: [Int32] = []
    private let groups: [String: Int32]
    /// The users of each group, by the group's number less that of the first one.
    private var members: [[Int32]] = []

    init(users: [String], groups: [String: [String]]) {
        let members = groups.values.flatMap { $0 }
        var words = WordTable(capacity: users.count + members.count)
        for user in users + members { _ = words.insert(Array(user.utf8), UserTable.hash(user)) }
        self.words = words
        var numbered: [String: Int32] = [:]
        var groupsOf: [[Int32]] = Array(repeating: [], count: words.count)
        for (index, name) in groups.keys.sorted().enumerated() {
            let number = Int32(words.count + index)
            numbered[name] = number
            // By number: strings that only look alike are equal.
            let users = Set((groups[name] ?? []).map { UserTable.find($0, words) })
            for user in users { groupsOf[Int(user)].append(number) }
            self.members.append(users.sorted())
        }
        self.groups = numbered
        for user in groupsOf.indices {
            numbers += [Int32(user)] + groupsOf[user]
            ends.append(Int32(numbers.count))
        }
    }

    /// The numbers of `user`, within `numbers`.
    @inline(__always)
    func range(of user: Int32) -> Range<Int> {
        guard user >= 0 else { return 0..<0 }
        return (user == 0 ? 0 : Int(ends[Int(user) - 1]))..<Int(ends[Int(user)])
    }

    /// The user whose name has these bytes; -1 if no rule and no group names him.
    func user(_ name: Span<UInt8>) -> Int32 {
        var hash = WordHash(kind: 0)
        for index in name.indices { hash.add(name[index]) }
        return words.find(hash, name.count) { name[$0] }
    }

    /// Whether `number` is that of a user, and not of a group.
    func isUser(_ number: Int32) -> Bool { number < words.count }

    /// The users that `number` is about: one, or those of a group.
    func members(of number: Int32) -> [Int32] {
        isUser(number) ? [number] : members[Int(number) - words.count]
    }

    func number(ofUser name: String) -> Int32 { UserTable.find(name, words) }

    func number(ofGroup name: String) -> Int32? { groups[name] }

    private static func find(_ name: String, _ words: WordTable) -> Int32 {
        let bytes = Array(name.utf8)
        return words.find(hash(name), bytes.count) { bytes[$0] }
    }

    private static func hash(_ name: String) -> WordHash {
        var hash = WordHash(kind: 0)
        for byte in name.utf8 { hash.add(byte) }
        return hash
    }
}

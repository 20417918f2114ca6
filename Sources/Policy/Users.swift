/// A line of a file of users that can't be used: which, and what to do about it.
public struct UsersError: Error, Equatable, CustomStringConvertible {
    /// The line, from 1 on; 0 is the whole file.
    public let line: Int
    private let reason: String

    init(_ line: Int, _ reason: String) {
        self.line = line
        self.reason = reason
    }

    /// The line and the reason; nothing of a hash or password.
    public var description: String { line > 0 ? "line \(line): \(reason)" : reason }
}

/// Who may use the proxy: names and password hashes, in the form of htpasswd(1).
///
/// Names are told apart by their bytes, as rules and limits do: strings that only look alike are
/// equal in Swift, and whoever spelled a name in another way would be somebody else to the rules.
public struct Users: Equatable, Sendable {
    private var hashes: [[UInt8]: String] = [:]
    private var names: [[UInt8]] = []

    /// Reads lines of `name:hash`; empty lines and those that begin with # are passed over, as is a
    /// byte order mark.
    ///
    /// - Throws: `UsersError` for the first line that isn't right, or if there is no user.
    public init(parsing text: [UInt8]) throws(UsersError) {
        let text = text.dropFirst(Users.byteOrderMarkCount(text))
        let lines = text.split(separator: 10, omittingEmptySubsequences: false)
        for (index, bytes) in lines.enumerated() {
            let bytes = bytes.last == 13 ? bytes.dropLast() : bytes
            guard let line = String(validating: bytes, as: UTF8.self) else {
                throw UsersError(index + 1, "this is not UTF-8")
            }
            if line.allSatisfy({ $0 == " " || $0 == "\t" }) || line.hasPrefix("#") { continue }
            try add(line, index + 1)
        }
        guard !names.isEmpty else { throw UsersError(0, "there is no user in it") }
    }

    private mutating func add(_ line: String, _ number: Int) throws(UsersError) {
        guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
            throw UsersError(number, "allowed is NAME:HASH")
        }
        let name = String(line[..<colon])
        guard Users.isName(name) else {
            throw UsersError(number, "a name has up to 255 bytes and no control character")
        }
        let bytes = Array(name.utf8)
        guard hashes[bytes] == nil else { throw UsersError(number, "this user is there already") }
        let hash = String(line[line.index(after: colon)...])
        if let fault = HashForm.fault(hash) { throw UsersError(number, fault) }
        hashes[bytes] = hash
        names.append(bytes)
    }

    /// Bytes of the byte order mark that some editors begin `text` with: it would be a part of the
    /// first name.
    public static func byteOrderMarkCount(_ text: [UInt8]) -> Int {
        text.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    }

    /// Whether `text` may be the name of a user.
    ///
    /// It may if it has 1 to 255 bytes, no colon, no control character, and no # in front.
    public static func isName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && !text.hasPrefix("#")
            && !text.utf8.contains { $0 < 0x20 || $0 == 0x7f || $0 == UInt8(ascii: ":") }
    }

    /// How many there are.
    public var count: Int { names.count }

    /// The hash of `name`; nil if there is no such user.
    public func hash(of name: String) -> String? { hashes[Array(name.utf8)] }

    /// The names of those who aren't among `others`, or have another hash there.
    public func strangers(to others: Users) -> Set<[UInt8]> {
        Set(names.filter { hashes[$0] != others.hashes[$0] })
    }

    /// A user's hash that is always the same for `name`: to be checked in vain, so that a name that
    /// isn't there takes as long as one that is.
    public func decoy(for name: String) -> String {
        var hasher = Hasher()
        hasher.combine(Array(name.utf8))
        let index = Int(UInt(bitPattern: hasher.finalize()) % UInt(names.count))
        return hashes[names[index]] ?? ""
    }
}

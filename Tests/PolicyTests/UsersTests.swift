import Policy
import Testing

@Suite struct UsersTests {
    private static let bcrypt = "$2b$04$82F.VjIXDVC5Rs2Vyk5NI.3EOD8rIb/REJlZnQfaZrAEdch1iLtwm"
    private static let sha512 = "$6$rounds=5000$x$" + String(repeating: "a", count: 86)
    private static let sha256 = "$5$x$" + String(repeating: "b", count: 43)
    private static let yescrypt = "$y$j9T$x$" + String(repeating: "c", count: 43)

    private func read(_ text: String) throws(UsersError) -> Users {
        try Users(parsing: Array(text.utf8))
    }

    @Test func `users are read with their hashes`() throws {
        let users = try read(
            "# who\n\nana:\(Self.bcrypt)\r\n  \nbo b:\(Self.sha512)\n\u{e9}:\(Self.sha256)\n"
                + "d:\(Self.yescrypt)"
        )
        #expect(users.count == 4)
        #expect(users.hash(of: "ana") == Self.bcrypt)
        #expect(users.hash(of: "bo b") == Self.sha512)
        #expect(users.hash(of: "\u{e9}") == Self.sha256)
        #expect(users.hash(of: "d") == Self.yescrypt)
        let marked = try read("\u{feff}ana:\(Self.bcrypt)\n")
        #expect(marked.hash(of: "ana") == Self.bcrypt)
        #expect(users.hash(of: "Ana") == nil)
        #expect(users.hash(of: "") == nil)
    }

    @Test func `whoever is gone or has another hash is a stranger`() throws {
        let before = try read("a:\(Self.bcrypt)\nb:\(Self.sha256)\nc:\(Self.sha512)\n")
        let after = try read("d:\(Self.bcrypt)\nb:\(Self.sha256)\nc:\(Self.yescrypt)\n")
        #expect(before.strangers(to: after) == [Array("a".utf8), Array("c".utf8)])
        #expect(before.strangers(to: before) == [])
    }

    @Test func `names that look alike are those of different users`() throws {
        let (whole, parts) = ("\u{e9}", "e\u{301}")
        let one = try read("\(whole):\(Self.bcrypt)\n")
        #expect(one.hash(of: parts) == nil)
        let both = try read("\(whole):\(Self.bcrypt)\n\(parts):\(Self.sha256)\n")
        #expect(both.hash(of: whole) == Self.bcrypt && both.hash(of: parts) == Self.sha256)
    }

    @Test(arguments: [
        ("", 0, "there is no user"), ("# a:b\n \n", 0, "there is no user"),
        ("ana\n", 1, "allowed is NAME:HASH"), (":$6$x$y\n", 1, "allowed is NAME:HASH"),
        ("a:\(bcrypt)\na:\(sha256)\n", 2, "this user is there already"),
        ("a\u{1}:$6$x$y\n", 1, "no control character"),
        ("\n\na:$apr1$x$y\n", 3, "the hash is MD5"), ("a:$1$x$y", 1, "the hash is MD5"),
        ("a:{SHA}x", 1, "SHA-1"), ("a:secret", 1, "this is no hash"), ("a:", 1, "this is no hash"),
        ("a:$9$x", 1, "a method that is not known"), ("a:\(bcrypt)x", 1, "the hash is damaged"),
        ("a:$6$x$y", 1, "the hash is damaged"),
        ("a:\(yescrypt.dropLast())", 1, "the hash is damaged"),
        ("a:$2b$4$\(bcrypt.dropFirst(7))", 1, "the hash is damaged"),
        ("a:$2b$03$\(bcrypt.dropFirst(7))", 1, "the hash is damaged"),
        ("a:$2b$32$\(bcrypt.dropFirst(7))", 1, "the hash is damaged"),
        ("a:$2b$18$\(bcrypt.dropFirst(7))", 1, "the hash takes more time"),
        ("a:$5$rounds=999$x$\(sha256.dropFirst(5))", 1, "the hash is damaged"),
        ("a:$5$rounds=20000001$x$\(sha256.dropFirst(5))", 1, "the hash takes more time"),
        ("a:$5$01234567890123456$\(sha256.dropFirst(5))", 1, "the hash is damaged"),
        ("a:$y$x9T$x$\(yescrypt.dropFirst(9))", 1, "the hash is damaged"),
        ("a:$y$j9$x$\(yescrypt.dropFirst(9))", 1, "the hash is damaged"),
    ])
    func `a line that isn't right is told, without what it holds`(
        text: String,
        line: Int,
        words: String
    ) {
        #expect {
            try read(text)
        } throws: { error in
            guard let error = error as? UsersError else { return false }
            return error.line == line && "\(error)".contains(words)
                && !"\(error)".contains("secret")
        }
    }

    @Test func `a name that isn't there has always the same hash of somebody's`() throws {
        let users = try read("a:\(Self.bcrypt)\nb:\(Self.sha256)\nc:\(Self.sha512)\n")
        for name in ["x", "y", ""] {
            let decoy = users.decoy(for: name)
            #expect([Self.bcrypt, Self.sha256, Self.sha512].contains(decoy))
            #expect((0..<20).allSatisfy { _ in users.decoy(for: name) == decoy })
        }
    }
}

import Kernel
import Testing

@Suite struct PasswordHashTests {
    /// Hashes of "open sesame" by htpasswd, openssl and Python's crypt.
    static let hashes = [
        "$2y$05$BX1W.W1zitNrkNbMwFeH4.cnzLWq8Bi8uPP83EZ5CzHmZGzQkjXF2",
        "$2b$05$82F.VjIXDVC5Rs2Vyk5NI.3EOD8rIb/REJlZnQfaZrAEdch1iLtwm",
        "$6$awApemfL8qpsJ3/h$WUrF1iIJMUi/TYvw3GNwyyF9eAt4rXLJakHKapq4l7ju5fHo6IiFdjpK3rV4EwBS6"
            + "b8GN87Eo5UFbDwnKLkL.0",
        "$5$YNutIMClm4x4VaHM$RpEGAiu6iB.UYHQDb6QkGj5wyXDcpO/IvWu.FtMp124",
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$6JlLzEdKMvGk83Zgd3owplAejssJr2SFlJFlOc7i54A",
    ]

    private func secret(_ text: String) -> Secret {
        var bytes = Array(text.utf8)
        let secret = Secret(wiping: &bytes)
        #expect(bytes.allSatisfy { $0 == 0 })
        return secret
    }

    @Test(arguments: hashes)
    func `hashes of other programs are understood`(hash: String) {
        #expect(PasswordHash.matches(hash, secret("open sesame")))
        #expect(!PasswordHash.matches(hash, secret("open sesamf")))
    }

    @Test(arguments: [4, 5])
    func `a password has the hash that was made of it, and another hasn't`(cost: Int) throws {
        let hash = try PasswordHash.make(secret("open sesame"), cost: cost)
        #expect(hash.hasPrefix("$2b$0\(cost)$"))
        #expect(PasswordHash.matches(hash, secret("open sesame")))
        for wrong in ["open sesam", "open sesame ", "", "Open sesame"] {
            #expect(!PasswordHash.matches(hash, secret(wrong)))
        }
    }

    @Test func `no two hashes of one password are the same`() throws {
        let hashes = try (0..<8).map { _ in
            try PasswordHash.make(secret("open sesame"), cost: 4)
        }
        #expect(Set(hashes).count == 8)
    }

    @Test(arguments: ["", "*", "$2b$04$short", "$6$", "$9$abc$def", "*0"])
    func `nothing has what is no hash`(text: String) {
        #expect(!PasswordHash.matches(text, secret("open sesame")))
    }
}

import Foundation
import Testing

/// Users, as an operator makes them.
extension Folder {
    /// Makes the file "users" of `users` by 'culvert passwd', which all have `password`; the flags
    /// that name it.
    ///
    /// More than a few get the hash of the first: a process for each would take long.
    @discardableResult
    func writeUsers(
        _ users: [String],
        password: String = "word",
        cost: Int = 4
    ) throws -> [String] {
        for user in users.prefix(3) { try setPassword(password, of: user, cost: cost) }
        if users.count > 3 {
            let line = try #require(try text("users").split(separator: "\n").first)
            let hash = line[(line.firstIndex(of: ":") ?? line.startIndex)...]
            try write("users", Data(users.map { "\($0)\(hash)\n" }.joined().utf8))
        }
        return ["--users", path("users")]
    }

    /// Gives `user` of the file "users" this password by 'culvert passwd'.
    func setPassword(_ password: String, of user: String, cost: Int = 4) throws {
        let arguments = ["passwd", "--cost", "\(cost)", path("users"), user]
        let outcome = try Program.run(Culvert.program, arguments, input: "\(password)\n")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }
}

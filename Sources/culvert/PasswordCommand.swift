internal import ArgumentParser
internal import Kernel
internal import Policy

/// Makes and edits a file of users.
struct PasswordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passwd",
        abstract: "Set a user's password in a file of users, or remove the user.",
        usage: "culvert passwd [--cost <cost>] [--remove] <file> <user>",
        discussion: "The password is the first line of standard input; a terminal is asked for it "
            + "twice, and doesn't show it. A culvert that serves reads the file again on SIGHUP."
    )

    @Option(help: help("The hash takes 2 to the power of this many rounds.", default: "12", "cost"))
    var cost = 12

    @Flag(help: "Remove the user.")
    var remove = false

    @Argument(help: "File of users; made if it isn't there.")
    var file: String

    @Argument(help: "Name of the user.")
    var user: String

    func validate() throws {
        guard (4...17).contains(cost) else {
            throw ValidationError("--cost \(cost): allowed is a whole number from 4 to 17.")
        }
        guard Users.isName(user) else {
            throw ValidationError(
                "<user> '\(user)': allowed are 1 to 255 bytes without colon or control characters, "
                    + "and no # in front."
            )
        }
    }

    func run() throws {
        let text = try contents()
        var lines = text.dropFirst(Users.byteOrderMarkCount(text)).split(separator: 10)
        func isUser(_ line: ArraySlice<UInt8>) -> Bool { line.starts(with: "\(user):".utf8) }
        let place = lines.firstIndex(where: isUser)
        // A file may have been edited by hand: of two lines one would be left.
        lines.removeAll(where: isUser)
        if remove {
            guard place != nil else { throw Failure("there is no user '\(user)' in \(file)") }
        } else {
            let hash = try PasswordHash.make(Self.password(), cost: cost)
            lines.insert(Array("\(user):\(hash)".utf8)[...], at: place ?? lines.endIndex)
        }
        try write(Array(lines.map { $0 + [10] }.joined()))
        guard remove, lines.allSatisfy({ $0.starts(with: "#".utf8) }) else { return }
        Notices.writeLine(
            "\(file) has no user any more: a culvert that serves keeps those it knows until there "
                + "is another, and none starts with it"
        )
    }

    private func write(_ text: [UInt8]) throws {
        do throws(SystemError) {
            try OutputFile.replace(file, with: text)
        } catch {
            throw Failure("\(file) can't be written (\(error)); nothing has been changed")
        }
    }

    /// What stands in the file; nothing if it isn't there yet.
    ///
    /// One that can't be read may hold users, who would be lost.
    private func contents() throws -> [UInt8] {
        do throws(SystemError) {
            return try SystemFile.bytes(file, atMost: .max)
        } catch {
            guard error.code == Errno.noEntry else {
                throw Failure("\(file) can't be read (\(error)); nothing has been changed")
            }
            return []
        }
    }

    /// The password, from standard input.
    private static func password() throws -> Secret {
        let password = try secret("Password: ")
        if Terminal.isInput {
            guard try password == secret("Once more: ") else {
                throw Failure("the two passwords differ; nothing has been changed")
            }
        }
        return password
    }

    private static func secret(_ prompt: String) throws -> Secret {
        guard var line = Terminal.secret(prompt) else { throw Failure("no password came") }
        // bcrypt looks at no more than 72.
        let isAllowed =
            (1...72).contains(line.count) && !line.contains { $0 < 0x20 || $0 == 0x7f }
        let secret = Secret(wiping: &line)
        guard isAllowed else {
            throw Failure("allowed are 1 to 72 bytes without control characters")
        }
        return secret
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }
}

internal import ArgumentParser
internal import Policy
internal import PolicyFile
internal import Proxy

/// Says what is wrong or doubtful about a policy.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong or doubtful about a policy.",
        usage: "culvert check --policy <file> [--users <file>] [--allow-port <ports> ...]",
        discussion: "A line for each finding: FILE:LINE:COLUMN, error or warning, and a remedy. "
            + "Exit status 0 if the file can be used, else 1. The flags mean what they mean for "
            + "serving."
    )

    @OptionGroup(title: "Who may go where") var access: AccessFlags

    func run() throws {
        let users = try Server.users(access.users ?? "")
        let policy = try access.readPolicy(PolicyLoading.surroundings(users))
        if users == nil, let rule = PolicyLoading.ruleAboutUsers(policy.list) {
            print(
                "note: the rule '\(rule.name)' is about users, so a start needs --users; given "
                    + "here too, it has users looked for in that file"
            )
        }
        let errors = policy.findings.count { $0.severity == .error }
        let warnings = policy.findings.count - errors
        let counts = [(policy.list.rules.count, "rule"), (errors, "error"), (warnings, "warning")]
        print(counts.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: ", "))
        if errors > 0 { throw ExitCode(1) }
    }

    func validate() throws { try access.requirePolicy() }
}

extension AccessFlags {
    /// Throws unless there is a policy to talk about.
    func requirePolicy() throws {
        if policy == nil { throw ValidationError("Missing expected argument '--policy <file>'.") }
    }

    /// Reads the policy, and prints what is to be said of it by what `surroundings` know.
    func readPolicy(
        _ surroundings: PolicySurroundings = PolicySurroundings()
    ) throws -> PolicyText {
        var configuration = Configuration()
        fill(&configuration)
        let path = configuration.policyFile
        let text = try PolicyLoading.text(path, configuration.allowedPorts, surroundings)
        for finding in text.findings { print("\(path):\(finding)") }
        return text
    }
}

internal import ArgumentParser
internal import Policy
internal import PolicyFile
internal import Proxy

/// Compares what a policy decides with what is expected of it.
struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Compare what a policy decides with what is expected of it.",
        usage: "culvert test --policy <file> <cases>",
        discussion: "Asks no name server: a case names the address that its host is to have. "
            + "Exit status 0 if all is as expected, else 1. The flags mean what they mean for "
            + "serving."
    )

    @OptionGroup(title: "Who may go where") var access: AccessFlags
    @OptionGroup(title: "Tunnels that must be TLS") var tls: TLSFlags

    @Argument(help: "File of cases: what is asked for, and what is expected.")
    var cases: String

    func validate() throws { try access.requirePolicy() }

    func run() throws {
        let policy = try access.readPolicy()
        guard !policy.hasErrors else { throw ExitCode(1) }
        let rules = AccessRules(policy.list)
        let text = CaseText(
            parsing: try PolicyLoading.contents("<cases>", cases),
            needTimes: rules.haveTimes
        )
        for finding in text.findings { print("\(cases):\(finding)") }
        guard text.findings.isEmpty else { throw ExitCode(1) }
        let egress = EgressRules(
            allowedPorts: [],
            allowsPrivate: access.allowPrivate,
            ownListeners: []
        )
        let judge = Judge(egress, rules)
        var configuration = Configuration()
        tls.fill(&configuration)
        var differences = 0
        for item in text.cases {
            let outcome = item.outcome(by: judge, configuration.tlsRules)
            guard !item.isMet(by: outcome) else { continue }
            differences += 1
            print(
                "\(cases):\(item.place.line):\(item.place.column): \(item.subject): "
                    + "\(item.words(for: outcome)), expected \(item.expectation)"
            )
        }
        print("\(text.cases.count) cases, \(differences) differences")
        if differences > 0 { throw ExitCode(1) }
    }
}

internal import ArgumentParser
internal import Connect
internal import Internet
internal import Policy
internal import Proxy
internal import Resolver

/// Says what a server would answer, and which rule decides.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what a server would answer to a request, and which rule decides.",
        usage: "culvert explain [<flag> ...] [--user <user>] [--client <address>] <host:port>",
        discussion:
            "Asks the name servers as a server would, and dials nothing. Exit status 0. The "
            + "flags of serving mean what they mean there."
    )

    @OptionGroup(title: "Who may go where") var access: AccessFlags
    @OptionGroup(title: "Tunnels that must be TLS") var tls: TLSFlags
    @OptionGroup(title: "Finding names") var names: NameFlags
    @OptionGroup(title: "Listening") var listening: ListeningFlags

    @Option(help: help("Who asks.", default: "nobody that is known", "user"))
    var user: String?

    @Option(
        help: help("Where the client is.", default: "127.0.0.1", "address"),
        transform: Reading.address
    )
    var client: Address?

    @Option(
        help: help("When, as in 'Mon 09:30'.", default: "now", "time"),
        transform: Reading.weekTime
    )
    var at: WeekTime?

    @Argument(help: "What is asked for.", transform: Reading.authority)
    var authority: Authority

    func run() throws {
        var configuration = Configuration()
        let groups: [any FlagGroup] = [access, tls, names, listening]
        for group in groups { group.fill(&configuration) }
        var question = Explanation.Question(authority)
        question.user = user ?? ""
        question.client = client ?? question.client
        question.time = at
        let policy = PolicyLoading.reader(configuration) { print("warning: \($0)") }
        let explanation = try Explanation(question, configuration, policy: policy)
        let stranger = try self.stranger(configuration)
        let isAllowed = stranger == nil && explanation.isAllowed
        let rows =
            (stranger.map { [["user", user ?? "nobody", words($0)]] } ?? []) + rows(explanation)
            + [["verdict", isAllowed ? "allowed" : "refused"]]
        for row in Columns.aligned(rows) { print(row) }
    }

    /// Why whoever asks isn't even let in; nil if that is somebody who may be.
    private func stranger(_ configuration: Configuration) throws -> Refusal? {
        guard let users = try Server.users(configuration.usersFile) else { return nil }
        guard let user else { return .credentialsMissing }
        return users.hash(of: user) == nil ? .credentialsWrong : nil
    }

    private func rows(_ explanation: Explanation) -> [[String]] {
        let before = explanation.before
        var rows = [
            ["request", "\(authority)", outcome(before.verdict), by(before.decision, explanation)]
        ]
        if before.verdict.refusal == nil {
            let isOpen = explanation.rules != nil && explanation.byName == nil
            rows = [["request", "\(authority)", isOpen ? "goes on to its addresses" : "allowed"]]
        }
        if let route = explanation.byName {
            let rule = by(route.decision, explanation)
            let terms = terms(route.tls, route.terms)
            rows.append(["parent", "is asked for the name", "allowed", rule, terms])
        }
        if let names = explanation.names {
            rows.append(["name", "AAAA", word(names.v6)])
            rows.append(["name", "A", word(names.v4)])
        }
        rows += explanation.candidates.map { candidate in
            [
                "address", "\(candidate.address)", outcome(candidate.verdict),
                by(candidate.decision, explanation), terms(candidate),
            ]
        }
        return rows
    }

    private func outcome(_ verdict: Verdict) -> String {
        verdict.refusal.map(words) ?? "allowed"
    }

    private func words(_ refusal: Refusal) -> String {
        "\(refusal.status) \(refusal.error.word): \(refusal.detail)"
    }

    private func by(_ decision: Decision?, _ explanation: Explanation) -> String {
        guard let decision, let rules = explanation.rules else { return "" }
        let decider = decision.rule.map { "rule '\(rules.names[$0])'" } ?? "no rule"
        return decider + (decision.report.map { ", reported by '\(rules.names[$0])'" } ?? "")
    }

    /// How a tunnel to `candidate` would be; empty if there would be none.
    private func terms(_ candidate: Explanation.Candidate) -> String {
        guard candidate.verdict.refusal == nil else { return "" }
        return terms(candidate.tls, candidate.terms)
    }

    private func terms(_ tls: TLSRequirement, _ terms: RuleTerms?) -> String {
        let parent = terms?.parent.map { parent in
            "by way of \(parent.authority)" + (parent.authorization.isEmpty ? "" : " as its user")
        }
        let source = terms?.source.all.map { "from \($0)" } ?? []
        let limits = terms.map { LimitText.words(for: $0.limits) } ?? []
        return (["tls \(tls.demand.rawValue)"] + (parent.map { [$0] } ?? []) + source + limits)
            .joined(separator: ", ")
    }

    private func word(_ answer: FamilyAnswer) -> String {
        switch answer {
        case .pending, .timedOut: "no server answered in time"
        case .addresses: "found"
        case .none: "the name has no such address"
        case .notFound: "the name does not exist"
        case .failed: "the servers failed"
        }
    }
}

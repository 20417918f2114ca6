internal import Kernel
internal import Policy
internal import PolicyFile
internal import Proxy

/// Reads the file of --policy, for serving.
struct PolicyLoading: Sendable {
    private let path: String
    private let ports: [ClosedRange<UInt16>]
    private let usersFile: String
    private let warn: @Sendable (String) -> Void

    /// Complaints that are told of at once, at most.
    private static var complaintsMax: Int { 10 }
    /// Bytes of a policy, at most.
    private static var byteCountMax: Int { 256 << 20 }

    /// What reads the policy of `configuration`; nil if there is none.
    ///
    /// What is doubtful about it goes to `warn`.
    static func reader(
        _ configuration: Configuration,
        warn: @escaping @Sendable (String) -> Void
    ) -> Server.Policy? {
        guard !configuration.policyFile.isEmpty else { return nil }
        let loading = PolicyLoading(configuration, warn)
        return { users throws(StartError) in try loading.read(users) }
    }

    private init(_ configuration: Configuration, _ warn: @escaping @Sendable (String) -> Void) {
        path = configuration.policyFile
        ports = configuration.allowedPorts
        usersFile = configuration.usersFile
        self.warn = warn
    }

    private func read(_ users: Users?) throws(StartError) -> RuleList {
        let policy = try PolicyLoading.text(path, ports, PolicyLoading.surroundings(users))
        let all = policy.findings.map { "\(path):\($0)" }
        guard !policy.hasErrors else {
            let errors = policy.findings.filter { $0.severity == .error }
            let lines = errors.prefix(PolicyLoading.complaintsMax).map { "\(path):\($0)" }
            let more = errors.count > lines.count ? ["and \(errors.count - lines.count) more"] : []
            throw StartError(
                "--policy \(path): can't be used\n" + (lines + more).joined(separator: "\n")
            )
        }
        try checkUsers(policy.list)
        for line in all.prefix(PolicyLoading.complaintsMax) { warn(line) }
        if all.count > PolicyLoading.complaintsMax {
            warn("'culvert check --policy \(path)' tells \(all.count) warnings in all")
        }
        return policy.list
    }

    /// What stands in the policy at `path`, and what is to be said of it.
    ///
    /// What `surroundings` don't know isn't looked at.
    static func text(
        _ path: String,
        _ ports: [ClosedRange<UInt16>],
        _ surroundings: PolicySurroundings
    ) throws(StartError) -> PolicyText {
        PolicyText(
            parsing: try contents("--policy", path),
            ports: ports,
            suffixes: suffixes,
            surroundings: surroundings
        )
    }

    /// This machine, with `users` if they are known.
    static func surroundings(_ users: Users?) -> PolicySurroundings {
        var surroundings = PolicySurroundings()
        surroundings.users = users
        surroundings.ownsAddress = { Socket.canBind(to: $0) }
        surroundings.contents = { try? SystemFile.bytes($0, atMost: SystemFile.byteCountMax) }
        return surroundings
    }

    /// What stands in the file at `path`, which `flag` names.
    static func contents(_ flag: String, _ path: String) throws(StartError) -> String {
        let bytes = try Server.contents(flag, path, atMost: byteCountMax)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw StartError("\(flag) \(path): is not UTF-8")
        }
        return text
    }

    /// The list of the system, if it has one.
    private static var suffixes: PublicSuffixes {
        SystemFile.read("/usr/share/publicsuffix/public_suffix_list.dat")
            .map { PublicSuffixes(parsing: $0) } ?? .common
    }

    /// The first rule that means something only where users are known.
    static func ruleAboutUsers(_ list: RuleList) -> Rule? {
        list.rules.first { rule in
            !rule.users.isEmpty || !rule.groups.isEmpty || !rule.terms.limits.perUser.isEmpty
        }
    }

    private func checkUsers(_ list: RuleList) throws(StartError) {
        guard usersFile.isEmpty, let rule = PolicyLoading.ruleAboutUsers(list) else { return }
        throw StartError(
            "--policy \(path): the rule '\(rule.name)' is about users, whom nobody knows without "
                + "--users"
        )
    }
}

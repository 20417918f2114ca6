public import Internet
public import Policy

/// A policy as its file says it, and what is to be said of the file.
public struct PolicyText: Sendable {
    /// The rules; not to be used if there is an error among the findings.
    public let list: RuleList
    /// What is wrong or doubtful, in the order of the file.
    public let findings: [Finding]

    /// Whether it can't be used.
    public var hasErrors: Bool { findings.contains { $0.severity == .error } }

    /// Reads `text`.
    ///
    /// - Parameters:
    ///   - text: All of the file.
    ///   - ports: What an allow rule allows that names no ports.
    ///   - suffixes: Under which names anybody can have one.
    ///   - surroundings: What is known of where the proxy serves.
    public init(
        parsing text: String,
        ports: [ClosedRange<UInt16>],
        suffixes: PublicSuffixes = .common,
        surroundings: PolicySurroundings = PolicySurroundings()
    ) {
        var reader = PolicyReader(ports: ports, surroundings)
        do throws(Finding) {
            guard let tree = try Tree(parsing: text) else {
                throw Finding(.error, .start, "the file is empty: a policy has rules")
            }
            reader.read(tree)
        } catch {
            reader.findings.append(error)
        }
        let list = RuleList(reader.rules.map(\.rule), groups: reader.groups.mapValues(\.members))
        if !reader.findings.contains(where: { $0.severity == .error }) {
            reader.review(list, suffixes)
            if let users = surroundings.users { reader.noteStrangers(to: users) }
        }
        self.list = list
        findings = reader.findings.sorted { $0.place < $1.place }
    }
}

/// What is to be known for reading a policy, beside the file itself; what is nil isn't looked at.
public struct PolicySurroundings {
    /// The users whom the proxy knows.
    public var users: Users?
    /// Whether this machine has an address, to dial from.
    public var ownsAddress: ((Address) -> Bool)?
    /// What stands in a file; nil if it can't be read.
    public var contents: ((String) -> [UInt8]?)?

    /// Nothing is known.
    public init() {}
}

/// Makes rules of a tree, and notes what is wrong with it.
struct PolicyReader {
    struct Group {
        let members: [String]
        let place: Place
    }

    struct ReadRule {
        var rule: Rule
        let place: Place
        /// Where the values of each key stand.
        var values: [RuleKey: [Place]] = [:]
        /// Its keys that say how its tunnels are.
        var termKeys: [Tree] = []
        /// The file that its parent's credentials are in.
        var credentials: Tree?
    }

    let ports: [ClosedRange<UInt16>]
    let surroundings: PolicySurroundings
    var rules: [ReadRule] = []
    var groups: [String: Group] = [:]
    var findings: [Finding] = []
    /// Names of rules.
    var names: Set<String> = []
    /// Rules that have limits.
    var limitedRules = 0
    /// The users that are named, in rules and groups, and where.
    var users: [(name: String, place: Place)] = []

    init(ports: [ClosedRange<UInt16>], _ surroundings: PolicySurroundings) {
        self.ports = ports
        self.surroundings = surroundings
    }

    mutating func read(_ tree: Tree) {
        guard case .map(let members) = tree.content else {
            return complain(tree, "a policy is a map with the keys 'groups' and 'rules'")
        }
        // Rules name groups, wherever these stand.
        for member in members where member.key.text == "groups" { readGroups(member.value) }
        var hasRules = false
        for member in members {
            let (key, value) = (member.key, member.value)
            switch key.text {
            case "groups": break
            case "rules":
                hasRules = true
                readRules(value)
            default: complainOfKey(key, ["groups", "rules"])
            }
        }
        if !hasRules { complain(tree, "there is no key 'rules'") }
        noteUnusedGroups()
    }

    // MARK: Groups

    private mutating func readGroups(_ tree: Tree) {
        guard case .map(let members) = tree.content else {
            return complain(tree, "'groups' is a map from the name of a group to a list of users")
        }
        for member in members {
            let (key, value) = (member.key, member.value)
            guard let name = key.text, !name.isEmpty else {
                complain(key, "a group has a name")
                continue
            }
            let users = values(value, of: "a group", ifNone: "name at least one user")
                .compactMap { user($0) }
            groups[name] = Group(members: users, place: key.place)
        }
    }

    private mutating func noteUnusedGroups() {
        let used = Set(rules.flatMap(\.rule.groups))
        for (name, group) in groups where !used.contains(name) {
            findings.append(Finding(.warning, group.place, "no rule names the group '\(name)'"))
        }
    }

    mutating func user(_ tree: Tree) -> String? {
        guard let name = tree.text, Users.isName(name) else {
            complain(tree, "a user has a name of up to 255 bytes without a colon")
            return nil
        }
        users.append((name, tree.place))
        return name
    }

    /// Notes users that are named, but not among `known`, so that nobody can be them.
    mutating func noteStrangers(to known: Users) {
        for user in users where known.hash(of: user.name) == nil {
            let message = "there is no user '\(user.name)' in the file of --users"
            findings.append(Finding(.warning, user.place, message))
        }
    }

    // MARK: Complaints

    mutating func complain(_ tree: Tree, _ message: String) {
        findings.append(Finding(.error, tree.place, message))
    }

    mutating func complainOfKey(_ key: Tree, _ known: [String]) {
        let what = key.text.map { "there is no key '\($0)'" } ?? "a key is a word"
        complain(key, "\(what); allowed are \(known.joined(separator: ", "))")
    }

    // MARK: Values

    /// The values of a list, or the one that stands for a list of one.
    ///
    /// None at all is an error: it looks like a condition, and would be none.
    mutating func values(
        _ tree: Tree,
        of what: String,
        ifNone remedy: String = "leave the key out if any will do"
    ) -> [Tree] {
        switch tree.content {
        case .list(let list) where !list.isEmpty: return list
        case .text(let text) where !text.isEmpty: return [tree]
        case .map: complain(tree, "\(what) has a value or a list of values here, not a map")
        default: complain(tree, "\(what) has no value here; \(remedy)")
        }
        return []
    }
}

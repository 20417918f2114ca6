public import Connect
public import Internet

/// What a rule does with the requests that it matches.
public enum RuleAction: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    /// They may.
    case allow
    /// They may not.
    case deny
    /// It is told that they would have been denied; the rules below decide.
    case report
}

/// One rule of a policy: all of its conditions must hold; one without values always does.
public struct Rule: Equatable, Sendable {
    /// Bytes of a name, at most.
    public static var nameBytesMax: Int { 64 }

    /// Whether `text` may be the name of a rule.
    ///
    /// It may if it is printable ASCII without quotes and backslashes.
    public static func isName(_ text: String) -> Bool {
        (1...nameBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x20...0x7e).contains($0) && $0 != 0x22 && $0 != 0x5c }
    }

    /// What the journal calls it.
    public var name: String
    /// What it does.
    public var action: RuleAction
    /// Users that it is about, together with the members of `groups`.
    public var users: [String] = []
    /// Groups of users that it is about.
    public var groups: [String] = []
    /// Where the client is.
    public var clients: [Prefix] = []
    /// What was asked for, before anything is resolved.
    public var hosts: [HostPattern] = []
    /// Where the address to be dialled is.
    ///
    /// An allow rule that names a network within a special-purpose range opens that network.
    public var networks: [Prefix] = []
    /// Ports that were asked for.
    public var ports: [ClosedRange<UInt16>] = []
    /// When.
    public var times: [WeekSpan] = []
    /// How the tunnels are that it lets pass; said only by an allow rule.
    public var terms = RuleTerms()

    /// A rule without conditions, which matches everything.
    public init(_ name: String, _ action: RuleAction) {
        self.name = name
        self.action = action
    }
}

/// What a client asks for, as far as it is known before a name is resolved.
public struct AccessRequest: Sendable {
    /// Who asks, by the number that the compiled rules have given.
    public var user: UserNumber
    /// Where from.
    public var client: Address
    /// Where to.
    public var authority: Authority
    /// When.
    public var time: WeekTime

    /// The request of `user` at `client` for `authority`, at `time`.
    public init(user: UserNumber, client: Address, authority: Authority, time: WeekTime) {
        self.user = user
        self.client = client
        self.authority = authority
        self.time = time
    }
}

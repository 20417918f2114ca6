public import Connect
public import Internet

/// What the first bytes of a rule's tunnels must be, as a policy file says it.
public enum TLSDemand: String, CaseIterable, Sendable, BitwiseCopyable {
    /// A ClientHello, whatever its server name.
    case required
    /// A ClientHello whose server name is the host of the request, or one of the further names.
    case sni
    /// Anything.
    case off
}

/// The keys of an allow rule that say how its tunnels are, and not which requests it matches.
public enum TermKey: String, CaseIterable, Sendable {
    /// What their first bytes must be.
    case tls
    /// How many there may be, and how much they may move.
    case limits
    /// From which address their targets are dialled.
    case source
    /// Through which other proxy they go, and as whom.
    case parent
    case parentCredentials = "parent-credentials"
}

/// An address of this machine for each family, to dial from.
public struct RuleSource: Equatable, Sendable {
    private var v4: Address?
    private var v6: Address?

    /// Addresses that are for the flags to say.
    public init() {}

    /// The address of one family; nil if there is none.
    public subscript(family: Address.Family) -> Address? {
        get { family == .v4 ? v4 : v6 }
        set { if family == .v4 { v4 = newValue } else { v6 = newValue } }
    }

    /// Whether there is none at all.
    public var isEmpty: Bool { v4 == nil && v6 == nil }

    /// All there are.
    public var all: [Address] { [v4, v6].compactMap { $0 } }
}

/// Another proxy, which is asked for the target by a CONNECT of our own.
public struct RuleParent: Hashable, Sendable {
    /// Where it listens.
    public let authority: Authority
    /// The value of Proxy-Authorization that it is sent; none if it is empty.
    public var authorization: [UInt8] = []

    /// The proxy at `authority`, without credentials.
    public init(_ authority: Authority) { self.authority = authority }
}

/// How the tunnels are that an allow rule lets pass.
public struct RuleTerms: Equatable, Sendable {
    /// What their first bytes must be; nil if that is for the flags to say.
    public var tls: TLSDemand?
    /// How many there may be, and how much they may move.
    public var limits = RuleLimits()
    /// From which address their targets are dialled.
    public var source = RuleSource()
    /// Through which other proxy they go; nil if they don't.
    public var parent: RuleParent?

    /// Tunnels of which the rule says nothing.
    public init() {}

    /// Whether the rule has addresses to dial from, but none of the family of `target`, which is
    /// dialled itself and not a parent.
    public func lacksSource(for target: Address) -> Bool {
        parent == nil && !source.isEmpty && source[target.unmapped.family] == nil
    }
}

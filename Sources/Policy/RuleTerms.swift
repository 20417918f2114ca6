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
}

/// How the tunnels are that an allow rule lets pass.
public struct RuleTerms: Equatable, Sendable {
    /// What their first bytes must be; nil if that is for the flags to say.
    public var tls: TLSDemand?
    /// How many there may be, and how much they may move.
    public var limits = RuleLimits()

    /// Tunnels of which the rule says nothing.
    public init() {}
}

/// The conditions of a rule, as a policy file calls them.
public enum RuleKey: String, CaseIterable, Sendable {
    /// Who asks.
    case users, groups
    /// Where the client is.
    case clients
    /// What is asked for.
    case hosts
    /// Where its address is.
    case networks
    /// At which ports.
    case ports
    /// When.
    case times
}

public import Internet

/// A policy as an operator writes it: rules in their order, and the groups that they name.
public struct RuleList: Equatable, Sendable {
    /// The rules; the first that matches decides.
    public var rules: [Rule]
    /// The users of each group.
    public var groups: [String: [String]]

    /// The policy of `rules` and `groups`.
    public init(_ rules: [Rule], groups: [String: [String]] = [:]) {
        self.rules = rules
        self.groups = groups
    }
}

/// What a command line says of hosts and networks.
public struct SimpleRules: Equatable, Sendable {
    /// Hosts that may be asked for.
    public var allowedHosts: [HostPattern] = []
    /// Hosts that may not.
    public var deniedHosts: [HostPattern] = []
    /// Networks that may be dialled.
    public var allowedNetworks: [Prefix] = []
    /// Networks that may not.
    public var deniedNetworks: [Prefix] = []

    /// Nothing is said.
    public init() {}

    /// Whether nothing is said.
    public var isEmpty: Bool { self == SimpleRules() }

    /// The rules that this comes to, at `ports`; each is called like the flag that says it.
    ///
    /// What is denied is denied first. What is allowed, be it by network or by host, is all that
    /// may then; if nothing is, the rest may. Networks come before hosts, since they open what
    /// isn't public: to a host that is allowed as well.
    public func list(ports: [ClosedRange<UInt16>]) -> RuleList {
        var denyHost = Rule("--deny-host", .deny)
        denyHost.hosts = deniedHosts
        var denyNetwork = Rule("--deny-network", .deny)
        denyNetwork.networks = deniedNetworks
        var allowHost = Rule("--allow-host", .allow)
        allowHost.hosts = allowedHosts
        var allowNetwork = Rule("--allow-network", .allow)
        allowNetwork.networks = allowedNetworks
        let rest = Rule("--allow-port", .allow)
        var rules = [denyHost, denyNetwork, allowNetwork, allowHost].filter { rule in
            !rule.hosts.isEmpty || !rule.networks.isEmpty
        }
        if !rules.contains(where: { $0.action == .allow }) { rules.append(rest) }
        for index in rules.indices where rules[index].action == .allow {
            rules[index].ports = ports
        }
        return RuleList(rules)
    }
}

internal import Connect
public import Internet

/// A policy in the form in which it is asked: first match decides, and nothing matching denies.
///
/// It never changes, so that all workers can share it, and asking it allocates nothing. A request
/// is judged twice: when its head has been read, as far as that goes without addresses, and for
/// each address that its host has.
public final class AccessRules: Sendable {
    /// What distinguishes these rules from those that were there before.
    public let version: UInt32
    /// What the rules are called, by number.
    public let names: [String]
    /// What the rules say of the tunnels that they let pass, by number.
    public let terms: [RuleTerms]
    /// Whether the time matters.
    public let haveTimes: Bool

    let rules: [CompiledRule]
    let hosts: HostTree
    let users: UserTable
    let networks: NetworkTree
    let clients: NetworkTree
    /// Numbers of hosts, users, networks and clients, ascending for each rule.
    let keys: [Int32]
    let ports: [ClosedRange<UInt16>]
    let times: [WeekSpan]

    /// Rules without networks that allow or deny.
    let deciding: Shelf
    /// Rules with networks that allow, before an address is known.
    let hopeful: Shelf
    /// All rules with networks, before an address is known.
    let addressed: Shelf
    /// Rules with networks.
    let allowing: Shelf
    let denying: Shelf
    /// Rules that report, without and with networks.
    let reporting: Shelf
    let reportingNetworks: Shelf

    /// Compiles the rules of `list`.
    public init(_ list: RuleList, version: UInt32 = 0) {
        let rules = list.rules
        let parts = RuleCompiler(rules, groups: list.groups)
        self.version = version
        names = rules.map(\.name)
        terms = rules.map(\.terms)
        self.rules = parts.rules
        hosts = parts.hosts
        users = parts.users
        networks = parts.networks
        clients = parts.clients
        keys = parts.keys
        ports = parts.ports
        times = parts.times
        haveTimes = !parts.times.isEmpty
        let (without, with) = (
            rules.indices.filter { rules[$0].networks.isEmpty },
            rules.indices.filter { !rules[$0].networks.isEmpty }
        )
        deciding = parts.shelf(without.filter { rules[$0].action != .report }, byNetwork: false)
        reporting = parts.shelf(without.filter { rules[$0].action == .report }, byNetwork: false)
        hopeful = parts.shelf(with.filter { rules[$0].action == .allow }, byNetwork: false)
        addressed = parts.shelf(with, byNetwork: false)
        allowing = parts.shelf(with.filter { rules[$0].action == .allow }, byNetwork: true)
        denying = parts.shelf(with.filter { rules[$0].action == .deny }, byNetwork: true)
        reportingNetworks = parts.shelf(
            with.filter { rules[$0].action == .report },
            byNetwork: true
        )
    }

    /// The same rules under a handle of its own.
    ///
    /// Whoever asks holds on to what is asked: a worker does so for each request, and should not
    /// meet the others at one counter of holders.
    public init(sharing other: AccessRules) {
        version = other.version
        names = other.names.map { $0 }
        terms = other.terms.map { $0 }
        haveTimes = other.haveTimes
        rules = other.rules
        hosts = other.hosts
        users = other.users
        networks = other.networks
        clients = other.clients
        keys = other.keys
        ports = other.ports
        times = other.times
        deciding = other.deciding
        hopeful = other.hopeful
        addressed = other.addressed
        allowing = other.allowing
        denying = other.denying
        reporting = other.reporting
        reportingNetworks = other.reportingNetworks
    }

    /// The number of the user whose name has these bytes.
    public func user(_ name: Span<UInt8>) -> UserNumber { UserNumber(value: users.user(name)) }

    // MARK: Before anything is resolved

    /// How `request` stands before any of its addresses is known.
    public func standing(of request: borrowing AccessRequest) -> Standing {
        var standing = Standing(
            version: version,
            host: hosts.pattern(of: request.authority.host),
            user: request.user.value,
            client: clients.network(of: request.client.unmapped),
            port: request.authority.port,
            time: request.time
        )
        let all = Int32(rules.count)
        standing.decider = first(deciding, standing, network: .unknown, below: all)
        standing.report = first(reporting, standing, network: .unknown, below: standing.decider)
        let isAllowed = standing.decider < all && rules[Int(standing.decider)].action == .allow
        standing.mayPass =
            isAllowed
            || first(hopeful, standing, network: .unknown, below: standing.decider)
                < standing.decider
        return standing
    }

    /// The decision on a request that no address can save; nil if there are some that may.
    public func refusal(_ standing: Standing) -> Decision? {
        standing.mayPass ? nil : decision(standing.decider, standing.report, opens: false)
    }

    /// The decision by the rules that don't look at addresses.
    public func decision(_ standing: Standing) -> Decision {
        precondition(standing.version == version, "other rules have judged this request")
        return decision(standing.decider, standing.report, opens: false)
    }

    // MARK: Once an address is known

    /// The decision on `address`, for a request that stands as `standing`, by these very rules.
    public func decision(_ address: Address, _ standing: Standing) -> Decision {
        precondition(standing.version == version, "other rules have judged this request")
        let address = address.unmapped
        let network = networks.network(of: address)
        var decider = standing.decider
        var report = standing.report
        decider = first(allowing, standing, network: .known(network), below: decider)
        decider = first(denying, standing, network: .known(network), below: decider)
        report = first(reportingNetworks, standing, network: .known(network), below: report)
        // An address inside is one that is forbidden just as well; it makes nothing allowed.
        let inner = InnerAddresses(address)
        for index in 0..<inner.count {
            let network = networks.network(of: Address(v4: inner[index]))
            decider = first(denying, standing, network: .known(network), below: decider)
            report = first(reportingNetworks, standing, network: .known(network), below: report)
        }
        let opens =
            decider < rules.count
            && holds(rules[Int(decider)].opened, network, networks.parents) && inner.arePublic
        return decision(decider, min(report, decider), opens: opens)
    }

    private func decision(_ decider: Int32, _ report: Int32, opens: Bool) -> Decision {
        let isDefault = decider == rules.count
        return Decision(
            isAllowed: !isDefault && rules[Int(decider)].action == .allow,
            rule: isDefault ? -1 : decider,
            report: report == decider ? -1 : report,
            opens: opens
        )
    }
}

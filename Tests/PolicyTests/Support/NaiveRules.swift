import Connect
import Internet
import Policy

/// The rules as the documents put them, looked at one by one: what the compiled ones must say.
struct NaiveRules {
    let rules: [Rule]
    let groups: [String: [String]]

    struct Request {
        var user: String?
        var client: Address
        var authority: Authority
        var time: WeekTime
    }

    struct Answer: Equatable {
        var isAllowed: Bool
        var rule: Int?
        var report: Int?
        var opens = false
    }

    /// The answer for an address of what is asked for.
    func answer(_ request: Request, _ address: Address) -> Answer {
        var report: Int?
        for (index, rule) in rules.enumerated()
        where matches(rule, request) && matches(rule, address) {
            if rule.action == .report {
                report = report ?? index
                continue
            }
            let opens =
                rule.action == .allow
                && rule.networks.contains {
                    NaiveRules.isSpecial($0) && $0.contains(address.unmapped)
                }
                && NaiveRules.inner(address.unmapped).allSatisfy {
                    AddressClass($0) == .public
                }
            let isAllowed = rule.action == .allow
            return Answer(isAllowed: isAllowed, rule: index, report: report, opens: opens)
        }
        return Answer(isAllowed: false, rule: nil, report: report)
    }

    /// Whether there is an address for which the answer could be yes.
    ///
    /// Any network of a rule may be that of the address, so only rules without networks decide.
    func mayPass(_ request: Request) -> Bool {
        for rule in rules where rule.action != .report && matches(rule, request) {
            if rule.action == .allow { return true }
            if rule.networks.isEmpty { return false }
        }
        return false
    }

    private func matches(_ rule: Rule, _ request: Request) -> Bool {
        let names = rule.groups.flatMap { groups[$0] ?? [] } + rule.users
        let isUser =
            rule.users.isEmpty && rule.groups.isEmpty || request.user.map(names.contains) ?? false
        return isUser
            && (rule.hosts.isEmpty || rule.hosts.contains { $0.matches(request.authority.host) })
            && (rule.clients.isEmpty
                || rule.clients.contains { $0.contains(request.client.unmapped) })
            && (rule.ports.isEmpty || rule.ports.contains { $0.contains(request.authority.port) })
            && (rule.times.isEmpty || rule.times.contains { $0.contains(request.time) })
    }

    private func matches(_ rule: Rule, _ address: Address) -> Bool {
        guard !rule.networks.isEmpty else { return true }
        let address = address.unmapped
        let forms = [address] + (rule.action == .allow ? [] : NaiveRules.inner(address))
        return forms.contains { form in rule.networks.contains { $0.contains(form) } }
    }

    /// NAT64 and 6to4 are the covers that the tests put addresses under.
    private static func inner(_ address: Address) -> [Address] {
        let translating = ["64:ff9b::/96", "64:ff9b:1::/96"].compactMap { Prefix($0) }
        if translating.contains(where: { $0.contains(address) }) {
            return [Address(v4: UInt32(truncatingIfNeeded: address.low))]
        }
        if Prefix("2002::/16")?.contains(address) == true {
            return [Address(v4: UInt32(truncatingIfNeeded: address.high >> 16))]
        }
        return []
    }

    private static func isSpecial(_ network: Prefix) -> Bool {
        let isOfTen = Prefix("10.0.0.0/8")?.contains(network.network) == true
        let isLocal = Prefix("fc00::/7")?.contains(network.network) == true
        let isTranslating = Prefix("64:ff9b:1::/48")?.contains(network.network) == true
        return isOfTen && network.length >= 8 || isLocal && network.length >= 7
            || isTranslating && network.length >= 48
    }
}

internal import Connect
internal import Internet
internal import Policy

/// What it costs to decide where a client may go, by how many rules there are.
extension Piece {
    static let decisions = [
        Piece(name: "decide-0", work: { none.decide(times: $0) }),
        Piece(name: "decide-1000", work: { thousand.decide(times: $0) }),
        Piece(name: "decide-100000", work: { hundredThousand.decide(times: $0) }),
    ]

    private static let none = Decisions(hosts: 0, networks: 0)
    private static let thousand = Decisions(hosts: 1000, networks: 100)
    private static let hundredThousand = Decisions(hosts: 100_000, networks: 10_000)
}

/// Rules, and requests of which half meet one of their own.
///
/// Each time another name is asked for, and another address is judged, so that memory is as cold as
/// it is for a proxy with many clients.
private struct Decisions: Sendable {
    private static let count = 8192

    private let judge: Judge
    private let requests: [AccessRequest]
    private let addresses: [Address]

    /// A rule for each network, then one for each host, then one for the rest; no rules if that is
    /// all.
    init(hosts: Int, networks: Int) {
        let egress = EgressRules(
            allowedPorts: [443...443],
            allowsPrivate: false,
            ownListeners: [Endpoint(Address(v4: 0x7f00_0001), port: 3128)]
        )
        let rules =
            (0..<networks).map { Decisions.networkRule($0) }
            + (0..<hosts).map { Decisions.hostRule($0) } + [Rule("rest", .allow)]
        judge = Judge(egress, hosts > 0 ? AccessRules(RuleList(rules)) : nil)
        requests = (0..<Decisions.count).compactMap { index in
            Decisions.request(index &* 7919 % (2 * max(hosts, 1)))
        }
        addresses = (0..<Decisions.count).map { index in
            Decisions.address(index &* 6101 % (2 * max(networks, 1)))
        }
    }

    /// Judges a request, then one of its addresses.
    func decide(times: Int) -> UInt64 {
        var sum: UInt64 = 0
        for index in 0..<times {
            let place = index & (Decisions.count - 1)
            let request = requests[place]
            let standing = judge.rules?.standing(of: request)
            let before =
                standing.map { judge.judge($0) } ?? judge.judge(port: request.authority.port)
            guard before.verdict == .allowed else { continue }
            let after = judge.judge(addresses[place], port: 443, standing)
            sum &+= after.verdict == .allowed ? 1 : 2
        }
        return sum
    }

    // MARK: Numbered hosts and networks

    private static func name(_ number: Int) -> String {
        let parent = ["example.com", "example.co.uk", "cdn.example.net"][number % 3]
        return "host-\(number).\(parent)"
    }

    /// An address of network number `number`, which is a /24.
    private static func address(_ number: Int) -> Address {
        Address(v4: 0x0800_0000 + UInt32(number) << 9 + 7)
    }

    private static func networkRule(_ number: Int) -> Rule {
        var rule = Rule("network \(number)", .deny)
        let network = Address(v4: UInt32(truncatingIfNeeded: address(number).low) & ~0xff)
        rule.networks = [Prefix(network, length: 24)].compactMap { $0 }
        return rule
    }

    /// A name, or for each fifth all below it; each second is denied.
    private static func hostRule(_ number: Int) -> Rule {
        var rule = Rule("host \(number)", number % 2 == 0 ? .allow : .deny)
        let pattern = HostPattern((number % 5 == 0 ? "*." : "") + name(number))
        rule.hosts = [pattern].compactMap { $0 }
        rule.ports = [443...443]
        return rule
    }

    private static func request(_ number: Int) -> AccessRequest? {
        guard let name = Name((number % 5 == 0 ? "www." : "") + name(number)),
            let authority = Authority(host: .name(name), port: 443)
        else { return nil }
        return AccessRequest(
            user: .nobody,
            client: Address(v4: 0x0a00_0001),
            authority: authority,
            time: WeekTime(.monday, minuteOfDay: 0)
        )
    }
}

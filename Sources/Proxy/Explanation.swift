public import Connect
public import Internet
internal import Kernel
public import Policy
public import Resolver

/// What a server would say of a request, and why: by its rules, its resolver and its names.
public struct Explanation: Sendable {
    /// What is asked, by whom, and when.
    public struct Question: Sendable {
        /// The user's name; empty if nobody said who it is.
        public var user = ""
        /// Where the client is.
        public var client = Address(v4: 0x7f00_0001)
        /// Where to.
        public var authority: Authority
        /// When; nil is now.
        public var time: WeekTime?

        /// Somebody of this machine asks for `authority`, now.
        public init(_ authority: Authority) { self.authority = authority }
    }

    /// An address of the host, and what is said of it.
    public struct Candidate: Sendable {
        /// The address.
        public let address: Address
        /// Whether it would be dialled.
        public let verdict: Verdict
        /// What the rules say; nil if there are none.
        public let decision: Decision?
        /// What the first bytes of the tunnel would have to be.
        public let tls: TLSRequirement
        /// What its rule says of the tunnel; nil if there is none.
        public let terms: RuleTerms?
    }

    /// What the rule says by which the request goes to a parent proxy without its name being
    /// resolved; nil if it doesn't.
    public let byName: Route?

    /// By which rule a request goes to a parent proxy, and how.
    public struct Route: Sendable {
        /// The decision of that rule.
        public let decision: Decision
        /// What the first bytes of the tunnel would have to be.
        public let tls: TLSRequirement
        /// What the rule says of the tunnel.
        public let terms: RuleTerms
    }

    /// The rules; nil if there are none.
    public let rules: AccessRules?
    /// What is said before a name is resolved.
    public let before: Judge.Judgement
    /// What is known of the name; nil if it isn't asked for.
    public let names: NameAnswer?
    /// The addresses, in the order in which they come.
    public let candidates: [Candidate]

    /// Whether there is an address that would be dialled.
    public var isAllowed: Bool {
        byName != nil || candidates.contains { $0.verdict.refusal == nil }
    }

    /// Explains what a server of `configuration` would answer to `question`.
    ///
    /// - Throws: `StartError` if the rules or the hosts file can't be read, or names not be asked.
    public init(
        _ question: Question,
        _ configuration: Configuration,
        policy: Server.Policy?
    ) throws(StartError) {
        let rules = try Server.rules(configuration, policy, nil).map { AccessRules($0) }
        let terms = Terms(configuration, name: "", ownListeners: configuration.listen)
        let judge = Judge(terms.egress, rules)
        let standing = rules.map { rules in
            rules.standing(
                of: AccessRequest(
                    user: rules.user(question.user.utf8.span),
                    client: question.client,
                    authority: question.authority,
                    time: question.time ?? WeekTime(LocalTime.now())
                )
            )
        }
        let port = question.authority.port
        self.rules = rules
        before = standing.map { judge.judge($0) } ?? judge.judge(port: port)
        byName = Explanation.byName(
            rules,
            standing,
            configuration.tlsRules,
            question.authority
        )
        guard before.verdict.refusal == nil, byName == nil else {
            names = nil
            candidates = []
            return
        }
        var finder = try NameFinder(configuration)
        let (names, addresses) = finder.addresses(of: question.authority.host)
        self.names = names
        var candidates: [Candidate] = []
        for address in addresses {
            let judgement = judge.judge(address, port: port, standing)
            let rule = judgement.decision?.rule.flatMap { rules?.terms[$0] }
            var verdict = judgement.verdict
            if verdict == .allowedUnlessLocal, finder.isLocal(address) {
                verdict = .refused(.ownListener)
            } else if verdict.refusal == nil, rule?.lacksSource(for: address) == true {
                verdict = .refused(.noSource)
            }
            candidates.append(
                Candidate(
                    address: address,
                    verdict: verdict,
                    decision: judgement.decision,
                    tls: configuration.tlsRules.requirement(port: port, rule?.tls),
                    terms: rule
                )
            )
        }
        self.candidates = candidates
    }
}

extension Explanation {
    private static func byName(
        _ rules: AccessRules?,
        _ standing: Standing?,
        _ tls: TLSRules,
        _ authority: Authority
    ) -> Route? {
        guard case .name = authority.host, let rules, let standing,
            let decision = rules.decisionWhateverAddress(standing),
            decision.isAllowed, let rule = decision.rule, rules.terms[rule].parent != nil
        else { return nil }
        let terms = rules.terms[rule]
        let demand = tls.requirement(port: authority.port, terms.tls)
        return Route(decision: decision, tls: demand, terms: terms)
    }
}

/// Finds the addresses of a name as a worker does, and waits for them.
private struct NameFinder: ~Copyable {
    private var queue: Ring
    private var names: CachingResolver
    private let timeout: UInt64

    init(_ configuration: Configuration) throws(StartError) {
        let hosts = try Server.hosts(configuration.hostsFile)
        do {
            var options = Ring.Options()
            options.entries = 64
            options.completionEntries = 256
            let queue = try Ring(options, memory: try Blocks(count: 0, blockSize: 1))
            let names = try CachingResolver(
                Server.resolverOptions(configuration, hosts),
                waitersMax: 1
            )
            self.queue = queue
            self.names = names
        } catch let error as SystemError {
            throw StartError(error)
        } catch {
            throw StartError("\(error)")
        }
        timeout = configuration.resolveTimeout
    }

    mutating func isLocal(_ address: Address) -> Bool { queue.isLocal(address) }

    /// The addresses of `host`, and what is known of it if it is a name.
    mutating func addresses(of host: Host) -> (NameAnswer?, [Address]) {
        switch host {
        case .address(let address): return (nil, [address])
        case .name(let name):
            let answer = answer(name)
            let six = (0..<answer.v6Addresses.count).map { answer.v6Addresses[$0].unmapped }
            let four = (0..<answer.v4Addresses.count).map { answer.v4Addresses[$0] }
            return (answer, six + four)
        }
    }

    private mutating func answer(_ name: Name) -> NameAnswer {
        let deadline = queue.now() + timeout
        var answer = names.lookUp(name, waiter: 0, now: queue.now())
        while !answer.isComplete, queue.now() < deadline {
            names.poll(on: &queue)
            let wake = Instant.earlier(names.nextDeadline, deadline)
            queue.submitAndWait(count: 1, gatherMicroseconds: 0, until: wake)
            while let completion = queue.nextCompletion() {
                guard let token = Token(rawValue: completion.token), token.operation == .nameSocket
                else { continue }
                names.didPoll(token, completion.result, queue.now())
            }
            if let due = names.nextDeadline, due <= queue.now() {
                names.deadlinePassed(now: queue.now())
            }
            while names.nextNotice() != nil {}
            answer = names.answer(for: 0)
        }
        names.release(waiter: 0)
        return answer
    }
}

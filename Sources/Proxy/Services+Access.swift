internal import Connect
internal import Internet
internal import Kernel
internal import Policy
internal import Resolver

/// Asking whether a tunnel may be.
extension Services where Queue: ~Copyable, Names: ~Copyable {
    /// Why a request for `authority` is refused before anything is resolved; nil if it isn't.
    mutating func judge(
        _ authority: Authority,
        of slot: UInt32,
        _ opening: UInt32
    ) -> Refusal? {
        guard let rules = judge.rules else {
            return judge.judge(port: authority.port).verdict.refusal
        }
        let standing = standing(for: authority, of: slot, by: rules)
        openings[opening].standing = standing
        let judgement = judge.judge(standing)
        keep(judgement.decision, of: slot)
        return judgement.verdict.refusal
    }

    /// Judges an address of what has been asked for.
    func judge(_ address: Address, _ opening: UInt32) -> Judge.Judgement {
        if openings[opening].parent >= 0 {
            // Where the operator has a parent is the operator's affair, as long as it isn't here.
            let port = openings[opening].port
            let verdict = judge.egress.verdict(address: address, port: port, isOpened: true)
            return Judge.Judgement(verdict: verdict, decision: openings[opening].parentDecision)
        }
        return judge.judge(address, port: openings[opening].port, openings[opening].standing)
    }

    /// Whether `address` may be dialled by the rules as they are now, if it was judged by others.
    mutating func stillAllows(_ address: Address, of slot: UInt32, _ opening: UInt32) -> Bool {
        guard openings[opening].isJudgedAnew else { return true }
        let judgement = judge(address, opening)
        guard let refusal = judgement.verdict.refusal else { return true }
        if openings[opening].note(refusal) { keep(judgement.decision, of: slot) }
        return false
    }

    /// Whether what the user whose tunnel is in `slot` has shown counts no more, by `access`.
    func isRevoked(_ slot: UInt32, _ access: Access) -> Bool {
        guard !access.revoked.isEmpty, let text = userText(of: slot) else { return false }
        return access.revoked.contains((0..<text.count).map { text[$0] })
    }

    /// Whether `access` forbids the tunnel in `slot`, which is open.
    ///
    /// If so, the journal will tell by which rule.
    mutating func forbids(_ slot: UInt32, _ access: Access) -> Bool {
        if isRevoked(slot, access) { return true }
        guard let rules = access.rules, let authority = authority(of: slot) else { return false }
        let standing = standing(for: authority, of: slot, by: rules)
        var judgement = judge.judge(standing)
        if judgement.verdict == .allowed, let address = records[Int(slot)].judged {
            judgement = judge.judge(address, port: authority.port, standing)
        }
        guard judgement.verdict.refusal != nil else { return false }
        keep(judgement.decision, of: slot)
        return true
    }

    /// What the tunnel in `slot` was asked for; nil if that isn't known.
    func authority(of slot: UInt32) -> Authority? {
        guard texts.authorities.count > 0, records[Int(slot)].hasAuthority else { return nil }
        return texts.authorities[slot].withBytes { Authority(parsing: $0, in: 0..<$0.count) }
    }

    /// No rule has met the tunnel in `slot` yet.
    func forgetRules(of slot: UInt32) {
        if texts.rules.count > 0 { RuleNames(texts.rules[Int(slot)]).clear() }
    }

    /// Keeps for the journal by which rules it was decided, if it was by rules.
    func keep(_ decision: Decision?, of slot: UInt32) {
        guard texts.rules.count > 0, let rules = judge.rules, let decision else { return }
        RuleNames(texts.rules[Int(slot)]).keep(decision, of: rules)
    }

    private mutating func standing(
        for authority: Authority,
        of slot: UInt32,
        by rules: AccessRules
    ) -> Standing {
        let request = AccessRequest(
            user: userText(of: slot).map { $0.withBytes { rules.user($0) } } ?? .nobody,
            client: records[Int(slot)].client?.address ?? Address(v4: 0),
            authority: authority,
            time: rules.haveTimes ? weekClock.time(at: now) : WeekTime(.monday, minuteOfDay: 0)
        )
        return rules.standing(of: request)
    }

    /// The name of the user whose tunnel is in `slot`; nil if nobody knows it.
    func userText(of slot: UInt32) -> Extent? {
        guard texts.users.count > 0, records[Int(slot)].hasUser else { return nil }
        return texts.users[slot]
    }
}

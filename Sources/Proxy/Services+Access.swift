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
        let request = AccessRequest(
            user: user(of: slot, by: rules),
            client: records[Int(slot)].client?.address ?? Address(v4: 0),
            authority: authority,
            time: rules.haveTimes ? weekClock.time(at: now) : WeekTime(.monday, minuteOfDay: 0)
        )
        let standing = rules.standing(of: request)
        openings[opening].standing = standing
        let judgement = judge.judge(standing)
        keep(judgement.decision, of: slot)
        return judgement.verdict.refusal
    }

    /// Judges an address of what has been asked for.
    func judge(_ address: Address, _ opening: UInt32) -> Judge.Judgement {
        judge.judge(address, port: openings[opening].port, openings[opening].standing)
    }

    /// Keeps for the journal by which rule `address`, which has been judged already, is dialled.
    func noteRule(for address: Address, of slot: UInt32, _ opening: UInt32) {
        guard texts.rules.count > 0, let standing = openings[opening].standing else { return }
        keep(judge.rules?.decision(address, standing), of: slot)
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

    /// The user whose tunnel is in `slot`.
    private func user(of slot: UInt32, by rules: AccessRules) -> UserNumber {
        guard texts.users.count > 0, records[Int(slot)].hasUser else { return .nobody }
        let block = texts.users[Int(slot)]
        return block.part(1..<1 + Int(block[0])).withBytes { rules.user($0) }
    }
}

internal import Policy

/// What is new about who may go where.
struct Access: Sendable {
    /// The rules, if they have been read again.
    let rules: AccessRules?
    /// The names of users who are gone, or have another password: what they have shown counts no
    /// more.
    let revoked: Set<[UInt8]>

    /// What is new if `later` comes before anybody has heard of this.
    func followed(by later: Access) -> Access {
        Access(rules: later.rules ?? rules, revoked: revoked.union(later.revoked))
    }
}

internal import Policy

/// Who may go where, as it has been read again: what is nil stays as it was.
struct Access: Sendable {
    let rules: AccessRules?
    let users: Users?
}

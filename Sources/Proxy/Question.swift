internal import Kernel

/// Credentials to be checked.
package struct Question: Sendable {
    package let tag: Tag
    /// Nil if it isn't UTF-8, as no user's name is.
    let user: String?
    let password: Secret
    package let client: Reputations.Key

    package init(_ tag: Tag, _ credentials: Presented, _ client: Reputations.Key) {
        self.tag = tag
        let user = credentials.user
        let name = (0..<user.count).map { user[$0] }
        self.user = String(validating: name, as: UTF8.self)
        password = Secret(credentials.password)
        self.client = client
    }
}

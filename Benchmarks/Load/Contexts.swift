internal import TLS

/// TLS of both ends of a run; nil where there is none.
struct Contexts: Sendable {
    let clients: SecureContext?
    let origins: SecureContext?

    /// What `settings` ask for.
    ///
    /// Clients trust the tool's own origin alone, and an origin of somebody else in any case.
    init(_ settings: Settings) throws(EngineError) {
        guard settings.isSecure else {
            (clients, origins) = (nil, nil)
            return
        }
        do throws(SecureError) {
            let isOwn = settings.externalOrigins.isEmpty
            origins = isOwn ? try SecureContext(originOf: "culvert-bench") : nil
            clients = try SecureContext(clientOf: origins)
        } catch {
            throw EngineError("\(error)")
        }
    }
}

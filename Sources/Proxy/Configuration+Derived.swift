internal import Kernel
public import Policy

/// What follows from a configuration and the machine together, as the server works it out.
extension Configuration {
    /// Which tunnels must be TLS, as far as no rule of a policy says otherwise.
    public var tlsRules: TLSRules {
        TLSRules(
            ports: tlsPorts,
            requirement: TLSRequirement(
                isTLS: true,
                matchesName: tlsServerName == .match,
                allowsMissingName: tlsMissingName == .allow,
                allowsEncrypted: tlsEncryptedHello == .allow
            ),
            furtherNames: tlsFurtherNames
        )
    }

    /// Workers that will run.
    public var workerCount: Int { Plan(self, openFiles: 0).workers }

    /// Tunnels at once that the open-file limit, which counts for each worker alone, leaves room
    /// for.
    public func tunnelCeiling(openFileLimit: Int) -> Int {
        let plan = Plan(self, openFiles: openFileLimit)
        return plan.slots * plan.workers
    }
}

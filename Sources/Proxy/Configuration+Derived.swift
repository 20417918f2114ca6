internal import Kernel

/// What follows from a configuration and the machine together, as the server works it out.
extension Configuration {
    /// Workers that will run.
    public var workerCount: Int { Plan(self, openFiles: 0).workers }

    /// Tunnels at once that the open-file limit, which counts for each worker alone, leaves room
    /// for.
    public func tunnelCeiling(openFileLimit: Int) -> Int {
        let plan = Plan(self, openFiles: openFileLimit)
        return plan.slots * plan.workers
    }
}

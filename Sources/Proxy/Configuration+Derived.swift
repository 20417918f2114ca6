/// What follows from a configuration and the machine together.
extension Configuration {
    /// Descriptors of a worker that are not sockets of tunnels: its ring, event, listeners,
    /// resolver, journal, spare, and both ends of every splice pipe.
    public var reservedDescriptors: Int { 64 + listen.count + 2 * pipes }

    /// Workers on a machine with `cpuCount` CPUs for us: one for each of `cpus`, or of all.
    public func workerCount(cpuCount: Int) -> Int {
        if workers > 0 { return workers }
        return cpus.isEmpty ? max(cpuCount, 1) : cpus.count
    }

    /// Tunnels at once that the open-file limit allows.
    ///
    /// Each takes two descriptors, and the limit counts for each worker alone.
    public func tunnelCeiling(openFileLimit: Int, cpuCount: Int) -> Int {
        let each = max(openFileLimit - reservedDescriptors, 0) / 2
        return each.multipliedReportingOverflow(by: workerCount(cpuCount: cpuCount)).partialValue
    }
}

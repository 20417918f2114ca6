internal import Kernel

/// What /proc says of a process at one moment; nil is what can't be read.
package struct ProcessReading: Sendable {
    /// Nanoseconds of CPU, user and system, of all threads.
    package var cpu: UInt64
    /// Bytes in memory.
    package var resident: Int?
    /// The same, with pages that are shared divided among those who share them.
    package var proportional: Int?
    package var threads: Int
    /// Descriptors that are open, in the tables of all threads.
    package var descriptors: Int?

    /// Reads process `pid`; nil if there is none.
    package init?(_ pid: Int32) {
        guard let stat = SystemFile.read("/proc/\(pid)/stat"),
            let fields = ProcessReading.fields(stat), fields.count > 17,
            let user = UInt64(fields[11]), let system = UInt64(fields[12]),
            let threads = Int(fields[17])
        else { return nil }
        let tick = 1_000_000_000 / UInt64(SystemFile.ticksPerSecond)
        cpu = (user + system) * tick
        self.threads = threads
        let memory = NumberList(SystemFile.read("/proc/\(pid)/smaps_rollup"))
        let status = NumberList(SystemFile.read("/proc/\(pid)/status"))
        // The status can be read by all, the rest by the owner and the administrator.
        resident = memory.bytes("Rss:") ?? status.bytes("VmRSS:")
        proportional = memory.bytes("Pss:")
        descriptors = ThreadTables.openCount(pid)
    }

    /// The fields of a stat line behind the name, which may hold anything.
    private static func fields(_ stat: String) -> [Substring]? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        return stat[stat.index(after: end)...].split(separator: " ")
    }
}

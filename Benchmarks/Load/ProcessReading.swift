internal import Kernel

/// What /proc says of a process at one moment.
package struct ProcessReading: Sendable {
    /// Nanoseconds of CPU, user and system, of all threads.
    package var cpu: UInt64
    /// Bytes in memory; with pages that are shared divided among those who share them.
    package var resident: Int
    package var proportional: Int
    package var threads: Int

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
        let memory = SystemFile.read("/proc/\(pid)/smaps_rollup") ?? ""
        resident = ProcessReading.kibibytes("Rss:", in: memory) << 10
        proportional = ProcessReading.kibibytes("Pss:", in: memory) << 10
    }

    /// The fields of a stat line behind the name, which may hold anything.
    private static func fields(_ stat: String) -> [Substring]? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        return stat[stat.index(after: end)...].split(separator: " ")
    }

    /// The number behind `name` at the beginning of a line; 0 if there is none.
    static func kibibytes(_ name: String, in text: String) -> Int {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }
        return 0
    }

    /// Bytes of the kernel's own tables, of all processes together.
    package static func kernelMemory() -> Int {
        kibibytes("Slab:", in: SystemFile.read("/proc/meminfo") ?? "") << 10
    }
}

internal import CLiburing
internal import Glibc

/// The descriptor tables of another process, of which each of its threads may have its own.
public enum ThreadTables {
    /// Descriptors that are open in process `pid`, those of a shared table counted once.
    ///
    /// Nil if that can't be known, as before Linux 6.2.
    public static func openCount(_ pid: Int32) -> Int? {
        // A thread that ends meanwhile can't be asked.
        for _ in 0..<8 {
            if let count = openCountNow(pid) { return count }
        }
        return nil
    }

    private static func openCountNow(_ pid: Int32) -> Int? {
        // A thread for each table, in the kernel's order of tables.
        var owners: [Int32] = []
        var sum = 0
        for thread in threads(of: pid) {
            var range = 0..<owners.count
            var isKnown = false
            while !range.isEmpty && !isKnown {
                let middle = (range.lowerBound + range.upperBound) / 2
                switch cl_compare_tables(thread, owners[middle]) {
                case 0: isKnown = true
                case 1: range = range.lowerBound..<middle
                case 2: range = middle + 1..<range.upperBound
                default: return nil
                }
            }
            guard !isKnown else { continue }
            guard let count = size(of: "/proc/\(pid)/task/\(thread)/fd"), count > 0 else {
                return nil
            }
            owners.insert(thread, at: range.lowerBound)
            sum += count
        }
        return owners.isEmpty ? nil : sum
    }

    private static func threads(of pid: Int32) -> [Int32] {
        guard let folder = unsafe opendir("/proc/\(pid)/task") else { return [] }
        defer { unsafe closedir(folder) }
        var threads: [Int32] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { start in
                unsafe start.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if let thread = Int32(name) { threads.append(thread) }
        }
        return threads
    }

    /// The size of a directory, which is the number of descriptors for those named fd.
    private static func size(of path: String) -> Int? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : nil
    }
}

package import Kernel

/// All that is counted, at one moment.
package struct Snapshot: Sendable {
    package var time: Instant
    package var client: Counts
    package var origin: Counts
    /// Nanoseconds of CPU of the tool's threads.
    package var clientCPU: UInt64
    package var originCPU: UInt64
    /// Nanoseconds of CPU of the processes that are charged, summed.
    package var processCPU: UInt64 = 0
    /// Bytes, threads and descriptors of those processes, summed; nil if there is none, or if one
    /// can't be read.
    package var resident: Int?
    package var proportional: Int?
    package var threads: Int?
    package var descriptors: Int?
    /// Bytes of the kernel itself.
    package var kernel: KernelReading

    /// Adds up what is known of `processes`.
    mutating func add(_ processes: [ProcessReading]) {
        processCPU = processes.reduce(0) { $0 + $1.cpu }
        func sum(_ path: KeyPath<ProcessReading, Int?>) -> Int? {
            guard !processes.isEmpty else { return nil }
            return processes.reduce(0) { sum, process in
                guard let sum, let value = process[keyPath: path] else { return nil }
                return sum + value
            }
        }
        resident = sum(\.resident)
        proportional = sum(\.proportional)
        descriptors = sum(\.descriptors)
        threads = processes.isEmpty ? nil : processes.reduce(0) { $0 + $1.threads }
    }
}

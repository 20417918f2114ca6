package import Kernel

/// All that is counted, at one moment.
package struct Snapshot: Sendable {
    package var time: Instant
    package var client: Counts
    package var origin: Counts
    /// Nanoseconds of CPU of the tool's threads.
    package var clientCPU: UInt64
    package var originCPU: UInt64
    /// Nanoseconds of CPU, bytes, threads and descriptors of the processes that are charged,
    /// summed; nil if there is none, or if one can't be read or is gone.
    package var processCPU: UInt64?
    package var resident: Int?
    package var proportional: Int?
    package var threads: Int?
    package var descriptors: Int?
    /// Bytes of the kernel itself.
    package var kernel: KernelReading

    /// Adds up what is known of the processes that are charged; nil is one that is gone, without
    /// which a sum would be less than it was.
    mutating func add(_ readings: [ProcessReading?]) {
        let processes = readings.compactMap { $0 }
        guard !processes.isEmpty, processes.count == readings.count else { return }
        func sum(_ path: KeyPath<ProcessReading, Int?>) -> Int? {
            processes.reduce(0) { sum, process in
                guard let sum, let value = process[keyPath: path] else { return nil }
                return sum + value
            }
        }
        processCPU = processes.reduce(0) { $0 + $1.cpu }
        resident = sum(\.resident)
        proportional = sum(\.proportional)
        descriptors = sum(\.descriptors)
        threads = processes.reduce(0) { $0 + $1.threads }
    }
}

package import Kernel

/// All that is counted, at one moment.
package struct Snapshot: Sendable {
    package var time: Instant
    package var client: Counts
    package var origin: Counts
    /// Nanoseconds of CPU of the tool's threads.
    package var clientCPU: UInt64
    package var originCPU: UInt64
    /// Nanoseconds of CPU and bytes of memory of the processes that are charged, summed.
    package var processCPU: UInt64 = 0
    package var resident = 0
    package var proportional = 0
    package var threads = 0
    /// Bytes of the kernel's own tables.
    package var kernelMemory: Int
}

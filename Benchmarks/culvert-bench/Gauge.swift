internal import Load

/// Something that is read from the system at a moment: of the processes that are charged, or of the
/// kernel.
struct Gauge: Sendable {
    enum Owner: Sendable { case process, kernel }
    enum Unit: Sendable { case bytes, count }

    let owner: Owner
    let unit: Unit
    /// Its name in files.
    let name: String
    /// Its name in tables.
    let title: String
    /// Its value in a snapshot; nil if it can't be read.
    let value: @Sendable (Snapshot) -> Int?

    /// What the processes' CPU is called in files; it is no gauge, since it only grows.
    static let processCPU = "process_cpu_nanoseconds"

    /// All of them.
    static let all = [
        Gauge(.process, .bytes, "process_resident_bytes", "process, resident") { $0.resident },
        Gauge(.process, .bytes, "process_proportional_bytes", "process, proportional") {
            $0.proportional
        },
        Gauge(.process, .count, "process_threads", "process, threads") { $0.threads },
        Gauge(.process, .count, "process_descriptors", "process, descriptors") {
            $0.descriptors
        },
        Gauge(.kernel, .bytes, "kernel_bytes", "kernel, all ends") { $0.kernel.total },
        Gauge(.kernel, .bytes, "kernel_slab_bytes", "  its tables") { $0.kernel.slab },
        Gauge(.kernel, .bytes, "kernel_unreclaimable_bytes", "    that it can't drop") {
            $0.kernel.unreclaimable
        },
        Gauge(.kernel, .bytes, "kernel_stack_bytes", "  stacks") { $0.kernel.stacks },
        Gauge(.kernel, .bytes, "kernel_page_table_bytes", "  page tables") {
            $0.kernel.pageTables
        },
        Gauge(.kernel, .bytes, "kernel_socket_buffer_bytes", "bytes in TCP sockets") {
            $0.kernel.socketBuffers
        },
    ]

    private init(
        _ owner: Owner,
        _ unit: Unit,
        _ name: String,
        _ title: String,
        _ value: @escaping @Sendable (Snapshot) -> Int?
    ) {
        self.owner = owner
        self.unit = unit
        self.name = name
        self.title = title
        self.value = value
    }
}

extension Outcome {
    /// What was to be read.
    var gauges: [Gauge] {
        Gauge.all.filter { $0.owner == .kernel || !settings.processes.isEmpty }
    }

    /// The names of what could not be read at least once.
    var unreadable: [String] {
        let ends = stretches.flatMap { [$0.before, $0.after] }
        let isGone = !settings.processes.isEmpty && ends.contains { $0.processCPU == nil }
        let names = gauges.filter { gauge in ends.contains { gauge.value($0) == nil } }.map(\.name)
        return (isGone ? [Gauge.processCPU] : []) + names
    }
}

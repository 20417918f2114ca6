internal import Kernel

/// Bytes that the kernel uses for itself on the whole machine; nil is what can't be read.
package struct KernelReading: Equatable, Sendable {
    /// Its tables: sockets, inodes, buffers' heads and all else of small objects.
    package var slab: Int?
    /// Those of them that it can't drop when it is short of memory.
    package var unreclaimable: Int?
    package var stacks: Int?
    package var pageTables: Int?
    /// What lies in TCP sockets, received or to be sent; in part in `slab` too.
    package var socketBuffers: Int?

    /// Tables, stacks and page tables together.
    package var total: Int? {
        guard let slab, let stacks, let pageTables else { return nil }
        return slab + stacks + pageTables
    }

    /// Reads it from the texts of /proc/meminfo and /proc/net/sockstat.
    package init(memory: String?, sockets: String?, pageSize: Int) {
        let memory = NumberList(memory)
        slab = memory.bytes("Slab:")
        unreclaimable = memory.bytes("SUnreclaim:")
        stacks = memory.bytes("KernelStack:")
        pageTables = memory.bytes("PageTables:")
        let words = NumberList(sockets).words("TCP:") ?? []
        guard let index = words.firstIndex(of: "mem"), index + 1 < words.count else { return }
        socketBuffers = Int(words[index + 1]).map { $0 * pageSize }
    }

    /// What it is now.
    package static func now() -> KernelReading {
        KernelReading(
            memory: SystemFile.read("/proc/meminfo"),
            sockets: SystemFile.read("/proc/net/sockstat"),
            pageSize: SystemFile.pageSize
        )
    }
}

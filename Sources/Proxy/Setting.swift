/// A sysctl that bears on serving: where it is, and when it is enough.
enum Setting: String, CaseIterable {
    case ioUringDisabled = "kernel.io_uring_disabled"
    case acceptBacklog = "net.core.somaxconn"
    case handshakeBacklog = "net.ipv4.tcp_max_syn_backlog"
    case localPorts = "net.ipv4.ip_local_port_range"
    case memory = "net.ipv4.tcp_mem"
    case receiveMemory = "net.ipv4.tcp_rmem"
    case sendMemory = "net.ipv4.tcp_wmem"
    case receiveBuffer = "net.core.rmem_max"
    case sendBuffer = "net.core.wmem_max"
    case pipeSize = "fs.pipe-max-size"
    case pipePages = "fs.pipe-user-pages-soft"
    case openFiles = "fs.file-max"
    case openFileCeiling = "fs.nr_open"
    case portReuse = "net.ipv4.tcp_tw_reuse"
    case finTimeout = "net.ipv4.tcp_fin_timeout"
    case overcommit = "vm.overcommit_memory"
    case trackedConnections = "net.netfilter.nf_conntrack_max"

    /// What a server asks of the settings.
    struct Needs {
        let backlog: Int
        let tunnels: Int
        let pipeSize: Int
        /// Pages of all pipes; nil if they aren't limited.
        let pipePages: Int?
        let sendBuffer: Int
        let receiveBuffer: Int
        let canMakeRing: Bool

        init(_ configuration: Configuration, tunnels: Int, _ facts: Doctor.Facts) {
            let most = configuration.maxTunnels
            backlog = configuration.backlog
            self.tunnels = most > 0 ? min(most, tunnels) : tunnels
            pipeSize = configuration.pipeSize
            let pipes = configuration.pipes * configuration.workerCount
            let pages = pipes * ((configuration.pipeSize + 4095) / 4096)
            pipePages = facts.arePipesUnbounded ? nil : pages
            sendBuffer = configuration.sendBuffer
            receiveBuffer = configuration.receiveBuffer
            canMakeRing = facts.canMakeRing
        }
    }

    /// The dotted name.
    var name: String { rawValue }

    /// The file that holds it.
    var path: String {
        "/proc/sys/" + String(rawValue.map { $0 == "." ? "/" : $0 })
    }

    /// Judges the text of the setting; nil is a kernel that doesn't have it.
    func judge(_ text: String?, _ needs: Needs) -> Doctor.Finding {
        guard let text else { return Doctor.Finding(name, "not here", .ok) }
        let numbers = text.split(separator: " ").compactMap { Int($0) }
        guard let last = numbers.last else {
            return Doctor.Finding(name, text, .low, "can't be understood; look at \(path)")
        }
        if self == .pipePages, needs.pipePages == nil {
            return Doctor.Finding(name, "\(text), not for this process", .ok)
        }
        let better = better(than: numbers, last, needs)
        guard let better else { return Doctor.Finding(name, text, .ok) }
        let isFatal = self == .ioUringDisabled
        let quoted = better.contains(" ") ? "'\(better)'" : better
        return Doctor.Finding(name, text, isFatal ? .bad : .low, "sysctl -w \(name)=\(quoted)")
    }

    /// The value that would be enough; nil if the present one is.
    private func better(than numbers: [Int], _ last: Int, _ needs: Needs) -> String? {
        switch self {
        case .ioUringDisabled: return needs.canMakeRing ? nil : raised(-last, to: 0)
        case .acceptBacklog, .handshakeBacklog: return raised(last, to: needs.backlog)
        case .localPorts: return last - numbers[0] >= 50000 ? nil : "1024 65535"
        case .memory: return memory(numbers, needs)
        case .receiveMemory, .sendMemory: return buffers(numbers)
        case .receiveBuffer: return raised(last, to: max(needs.receiveBuffer, 212_992))
        case .sendBuffer: return raised(last, to: max(needs.sendBuffer, 212_992))
        case .pipeSize: return raised(last, to: needs.pipeSize)
        case .pipePages: return last == 0 ? nil : raised(last, to: needs.pipePages ?? 0)
        // Two sockets a tunnel, and as much again for the rest of the machine.
        case .openFiles: return raised(last, to: 4 * needs.tunnels)
        case .openFileCeiling: return raised(last, to: 1_048_576)
        // 2 is for loopback only; 1 lets a port that waits be dialled from again.
        case .portReuse: return last == 1 ? nil : "1"
        case .finTimeout: return last <= 60 ? nil : "60"
        // With 2 memory that is only set aside counts as used.
        case .overcommit: return last < 2 ? nil : "0"
        case .trackedConnections: return raised(last, to: 4 * needs.tunnels)
        }
    }

    private func raised(_ value: Int, to least: Int) -> String? {
        value >= least ? nil : "\(least)"
    }

    /// Pages for all of TCP: 16 KiB for each socket of each tunnel is the least that flows well.
    private func memory(_ numbers: [Int], _ needs: Needs) -> String? {
        let pages = needs.tunnels * 8
        guard let most = numbers.last, most < pages else { return nil }
        return "\(pages / 2) \(pages / 4 * 3) \(pages)"
    }

    /// Least, first and greatest bytes of a socket: below 1 MiB a single tunnel can't be fast.
    private func buffers(_ numbers: [Int]) -> String? {
        guard numbers.count == 3, numbers[2] < 1 << 20 else { return nil }
        return "\(numbers[0]) \(numbers[1]) \(4 << 20)"
    }
}

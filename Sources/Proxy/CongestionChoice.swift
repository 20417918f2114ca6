package import Kernel

/// Which congestion control sockets are given; nil leaves the system's.
package struct CongestionChoice: Sendable {
    /// Where the address is a loopback one.
    package private(set) var loopback: CongestionControl?
    /// Elsewhere.
    package private(set) var distant: CongestionControl?

    /// The system's everywhere.
    package init() {}

    /// What `congestion` comes to on a machine whose connections use the one called `system`.
    package init(
        _ congestion: Configuration.Congestion,
        system: String? = CongestionControl.systemName
    ) {
        switch congestion {
        case .system: break
        case .named(let name):
            loopback = CongestionControl(name)
            distant = loopback
        case .auto:
            // Only BBR and its successors pace by themselves.
            guard system?.hasPrefix("bbr") == true else { return }
            let steady = ["cubic", "reno"].compactMap { CongestionControl($0) }
            loopback = steady.first { $0.isUsable }
        }
    }
}

internal import Internet
internal import Kernel
internal import Synchronization

/// Limits that all workers share: tunnels at once, and tunnels at once for each client.
///
/// It is asked only where a limit is set, so that by default nothing is shared. Clients are
/// counted in a sketch: each adds to one cell in each of three rows, by a keyed hash, and counts
/// as the least of its cells. Removing is exact, so a client is never counted too low; too high
/// only if others share its cell in every row. An IPv6 client is its /64.
final class Admission: Sendable {
    private static let cellBits = 18
    private static let rows = 3

    private let tunnelsMax: Int
    private let perClientMax: Int
    private let tunnels = Atomic<Int>(0)
    private let cells: AtomicCounts?
    private let key: UInt64

    /// Limits of `tunnelsMax` tunnels and `perClientMax` for each client; zero is no limit.
    init(tunnelsMax: Int, perClientMax: Int) throws(SystemError) {
        self.tunnelsMax = tunnelsMax
        self.perClientMax = perClientMax
        key = UInt64.random(in: .min ... .max)
        cells =
            perClientMax > 0 ? try AtomicCounts(count: Admission.rows << Admission.cellBits) : nil
    }

    /// Whether the limits need to know the client.
    var countsClients: Bool { cells != nil }

    /// Counts a new tunnel; false, and nothing is counted, if there are as many as may be.
    func admitTunnel() -> Bool {
        guard tunnelsMax > 0 else { return true }
        if tunnels.add(1, ordering: .relaxed).newValue <= tunnelsMax { return true }
        tunnels.subtract(1, ordering: .relaxed)
        return false
    }

    /// A tunnel that was admitted has ended.
    func releaseTunnel() {
        if tunnelsMax > 0 { tunnels.subtract(1, ordering: .relaxed) }
    }

    /// Counts a new tunnel of `client`; false, and nothing is counted, if it has as many as it may.
    func admit(_ client: Address) -> Bool {
        guard let cells else { return true }
        var least = UInt32.max
        for row in 0..<Admission.rows { least = min(least, cells.increment(cell(client, row))) }
        if least <= perClientMax { return true }
        release(client)
        return false
    }

    /// A tunnel of `client` that was admitted has ended.
    func release(_ client: Address) {
        guard let cells else { return }
        for row in 0..<Admission.rows { cells.decrement(cell(client, row)) }
    }

    private func cell(_ client: Address, _ row: Int) -> Int {
        var hash = key ^ (client.family == .v4 ? client.low : client.high)
        // The finaliser of SplitMix64, once more for each row.
        for _ in 0...row {
            hash &+= 0x9e37_79b9_7f4a_7c15
            hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
            hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
            hash ^= hash >> 31
        }
        return row << Admission.cellBits | Int(hash & ((1 << Admission.cellBits) - 1))
    }
}

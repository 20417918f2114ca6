internal import Internet
internal import Kernel
internal import Synchronization

/// Limits that all workers share: tunnels at once, tunnels at once for each client, and sessions
/// at once for each user.
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
    /// Of the connections of each client that carry requests of sessions.
    private let carrierCells: AtomicCounts?
    private let key: UInt64
    private let sessionsMax: Int
    private let sessions = Mutex<[UInt64: Int]>([:])

    /// The limits of `configuration`.
    init(_ configuration: Configuration) throws(SystemError) {
        tunnelsMax = configuration.maxTunnels
        perClientMax = configuration.maxTunnelsPerClient
        sessionsMax = configuration.sessionsPerUserMax
        key = UInt64.random(in: .min ... .max)
        cells =
            perClientMax > 0 ? try AtomicCounts(count: Admission.rows << Admission.cellBits) : nil
        carrierCells =
            perClientMax > 0 && !configuration.methodTunnel.isEmpty
            ? try AtomicCounts(count: Admission.rows << Admission.cellBits) : nil
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
    func admit(_ client: Address) -> Bool { admit(client, cells, perClientMax) }

    /// A tunnel of `client` that was admitted has ended.
    func release(_ client: Address) { release(client, cells) }

    /// Counts a new connection of `client` that carries requests of sessions; false, and nothing is
    /// counted, if there are as many as may be: some more than tunnels, since a session of one
    /// tunnel has several.
    func admitCarrier(of client: Address?) -> Bool {
        guard let client else { return true }
        return admit(client, carrierCells, perClientMax + Admission.carriersPerSession)
    }

    /// A connection of `client` that was admitted to carry requests has ended.
    func releaseCarrier(of client: Address?) {
        if let client { release(client, carrierCells) }
    }

    private static var carriersPerSession: Int { 16 }

    private func admit(_ client: Address, _ cells: AtomicCounts?, _ countMax: Int) -> Bool {
        guard let cells else { return true }
        var least = UInt32.max
        for row in 0..<Admission.rows { least = min(least, cells.increment(cell(client, row))) }
        if least <= countMax { return true }
        release(client, cells)
        return false
    }

    private func release(_ client: Address, _ cells: AtomicCounts?) {
        guard let cells else { return }
        for row in 0..<Admission.rows { cells.decrement(cell(client, row)) }
    }

    /// Counts a new session of the user `quota`; false, and nothing is counted, if there are as
    /// many as may be.
    func admitSession(_ quota: UInt64) -> Bool {
        sessions.withLock { counts in
            guard counts[quota, default: 0] < sessionsMax else { return false }
            counts[quota, default: 0] += 1
            return true
        }
    }

    /// A session of the user `quota` that was admitted has ended.
    func releaseSession(_ quota: UInt64) {
        sessions.withLock { counts in
            let left = counts[quota, default: 1] - 1
            counts[quota] = left > 0 ? left : nil
        }
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

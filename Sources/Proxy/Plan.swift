internal import Internet
internal import Kernel

/// What follows from a configuration on this machine.
struct Plan: Sendable {
    let workers: Int
    let openFiles: Int
    /// Tunnels that each worker can hold.
    let slots: Int
    /// Slots beyond them, for telling clients that there is no room.
    let shed: Int
    /// Slots beyond these, for open tunnels that move here from other workers.
    let arrivals: Int
    /// All slots of a worker.
    var slotCount: Int { slots + shed + arrivals }
    /// Whether clients are spread over workers by how many tunnels each has.
    let spreads: Bool
    /// Whether workers pass connections to each other.
    let passes: Bool
    /// Descriptors that a worker's tunnels may use.
    let descriptorMax: Int
    let name: String
    let ring: Ring.Options
    let congestion: CongestionChoice
    private let cpus: [Int]

    /// Descriptors of a worker that aren't a tunnel's: standard streams, ring, events, name-server
    /// sockets.
    private static var ownDescriptors: Int { 48 }
    /// Beyond this many slots nothing is gained on one worker.
    private static var slotsMax: Int { 1 << 20 }
    /// Tunnels that may be on their way to a worker at once.
    private static var arrivalMax: Int { 32 }

    init(_ configuration: Configuration, openFiles: Int) {
        // Not all CPUs of the machine: a container or taskset may leave us a few.
        let allowed = Thread.allowedCPUs
        workers = configuration.workers > 0 ? configuration.workers : max(allowed.count, 1)
        self.openFiles = openFiles
        if !configuration.cpus.isEmpty {
            cpus = configuration.cpus
        } else {
            cpus = workers == allowed.count && workers > 1 ? allowed : []
        }
        let pipes = 2 * configuration.pipes
        spreads = workers > 1 && configuration.balance
        passes = spreads || workers > 1 && !configuration.methodTunnel.isEmpty
        let channels = passes ? workers : 0
        let mailboxes = configuration.usersFile.isEmpty ? 0 : workers
        let own = Plan.ownDescriptors + configuration.listen.count + channels + mailboxes
        let all = max(openFiles - own - pipes, 0)
        arrivals = spreads ? min(all / 64, Plan.arrivalMax) : 0
        let available = all - 2 * arrivals
        shed = min(max(available / 64, 1), 64)
        slots = min(max((available - shed) / 2, 0), Plan.slotsMax)
        descriptorMax = available
        name = configuration.name.isEmpty ? SystemName.host : configuration.name
        var ring = Ring.Options()
        ring.entries = UInt32(clamping: configuration.ringEntries)
        ring.completionEntries = UInt32(clamping: configuration.completionEntries)
        ring.buffers = configuration.buffers
        self.ring = ring
        congestion = CongestionChoice(configuration.congestion)
    }

    /// The CPU that worker `index` is pinned to; nil if it isn't.
    func cpu(of index: Int) -> Int? {
        cpus.isEmpty ? nil : cpus[index % cpus.count]
    }

    /// Which clients worker `index` asks the kernel for; nil if for any.
    ///
    /// Without a worker to pass clients on to, one whose CPU handles all packets would have to keep
    /// all of them.
    func steering(of index: Int) -> Steering? {
        guard spreads, let cpu = cpu(of: index), cpus.contains(where: { $0 != cpu }) else {
            return nil
        }
        return Steering(cpu: cpu)
    }
}
